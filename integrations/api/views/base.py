"""What all views share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, TypeVar

from django.db.models import Model
from rest_framework.viewsets import GenericViewSet

M = TypeVar("M", bound=Model)


class ApiViewSet(GenericViewSet[M]):
    """`rights` has an entry for every action; `problems` names the statuses that only the action has."""

    rights: ClassVar[Mapping[str, Sequence[str]]] = {}
    problems: ClassVar[Mapping[str, Sequence[int]]] = {}
    lookup_value_converter = "int"
