"""Django's admin classes as the types see them, and the two kinds of page that most records have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

M = TypeVar("M", bound=Model)

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as ModelAdmin
    from django.contrib.admin import TabularInline as TabularInline
else:  # only the stubs are generic

    class _Generic:
        def __class_getitem__(cls, item: object) -> type:
            return cls

    class ModelAdmin(_Generic, admin.ModelAdmin):
        """Django's, with a type parameter."""

    class TabularInline(_Generic, admin.TabularInline):
        """Django's, with type parameters."""


class ReadOnlyAdmin(ModelAdmin[M]):
    """Records that only the sync itself writes: they can be looked at."""

    list_per_page: ClassVar[int] = 50
    show_full_result_count: ClassVar[bool] = False
    show_facets = admin.ShowFacets.NEVER

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds them."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits them."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes them."""
        return False
