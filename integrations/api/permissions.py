"""What a role may do is what its rights say, here as in the admin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol, cast

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:  # views read the settings that name this module
    from rest_framework.views import APIView

OPERATE = "integrations.operate_connection"


class HasRights(Protocol):
    """A view says for each of its actions which rights it takes."""

    rights: ClassVar[Mapping[str, Sequence[str]]]
    action: str | None


class RolePermission(BasePermission):
    """Refuses everything whose rights the view does not name."""

    message = "Your role does not allow this. Ask an administrator for another one."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether the user has all rights of the action; of a method that the address does not take, it says so."""
        if not request.user.is_authenticated:
            return False
        rights = cast(HasRights, view)
        if rights.action in (None, "metadata"):  # a method that there is not, OPTIONS among them
            return True
        return rights.action in rights.rights and request.user.has_perms(rights.rights[rights.action])


def can_view(*models: str) -> tuple[str, ...]:
    """The rights to look at these models."""
    return tuple(f"integrations.view_{model}" for model in models)
