"""The rows of a step's page, section by section."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.forms import Media
from django.http import HttpRequest

from integrations.admin.generic import TabularInline
from integrations.models import FieldMapping, FilterCondition, OwnerMapping, SequenceMapping, SyncStep
from integrations.services.step_warnings import Section

from .forms import (
    FieldMappingForm,
    FieldMappingRows,
    FilterConditionForm,
    FilterConditionRows,
    OwnerMappingForm,
    OwnerMappingRows,
    SequenceMappingForm,
    SequenceMappingRows,
)


class Rows(TabularInline[Any, SyncStep]):
    """A section's rows. The page's own script adds and removes them."""

    extra = 0
    template = "admin/integrations/syncstep/rows.html"
    section: ClassVar[Section]
    add_label: ClassVar[str]
    related: ClassVar[tuple[str, ...]] = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With everything that the words of a row need."""
        return super().get_queryset(request).select_related(*self.related)

    @property
    def media(self) -> Media:
        """None of Django's: its script for inlines is not used."""
        return Media()


class FieldRows(Rows):
    model = FieldMapping
    form, formset = FieldMappingForm, FieldMappingRows
    section, add_label = Section.FIELDS, "Add field"
    related = ("source_field", "target_field")


class FilterRows(Rows):
    model = FilterCondition
    form, formset = FilterConditionForm, FilterConditionRows
    section, add_label = Section.FILTERS, "Add rule"
    related = ("field", "member", "saved_filter")


class OwnerRows(Rows):
    model = OwnerMapping
    form, formset = OwnerMappingForm, OwnerMappingRows
    section, add_label = Section.OWNERS, "Add owner mapping"
    related = ("source_member", "target_member")


class SequenceRows(Rows):
    model = SequenceMapping
    form, formset = SequenceMappingForm, SequenceMappingRows
    section, add_label = Section.SEQUENCES, "Add sequence"
    related = ("owner", "sequence__owner", "sequence_step")
