"""Choices that the database enforces as well as the forms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def choices(vocabulary: Iterable[Enum], labels: Mapping[str, StrOrPromise]) -> list[tuple[str, StrOrPromise]]:
    """Model choices in the vocabulary's order. Every member needs a label."""
    return [(str(member.value), labels[str(member.value)]) for member in vocabulary]


def one_of(field: str, vocabulary: Iterable[Enum]) -> models.CheckConstraint:
    """A check that the column holds one of the vocabulary's values."""
    return models.CheckConstraint(
        condition=models.Q(**{f"{field}__in": [member.value for member in vocabulary]}),
        name=f"%(app_label)s_%(class)s_{field}_is_known",
        violation_error_message=f"That is not a known {field.replace('_', ' ')}.",
    )
