"""What all serializers share: times in UTC, and no unknown members in what is sent."""

from __future__ import annotations

from datetime import UTC
from typing import Any, TypeVar

from django.db import models
from django.db.models import Model
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

M = TypeVar("M", bound=Model)

GREATEST_BIG_INTEGER = 2**63 - 1
GREATEST_INTEGER = 2_147_483_647
GREATEST_SMALL_INTEGER = 32_767
"""Of the databases' integer columns."""


class UtcDateTimeField(serializers.DateTimeField):
    """A time in ISO 8601, in UTC, whatever time zone the pages show."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)


class RecordSerializer(serializers.ModelSerializer[M]):
    """A row, as it is read."""

    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: UtcDateTimeField,
    }


class Strict:
    """Refuses members that it does not know, since they are mostly typing mistakes. Read-only ones may be sent back."""

    def to_internal_value(self: Any, data: Any) -> Any:
        """DRF's, after a look at the names."""
        if isinstance(data, dict):
            unknown = sorted(str(name) for name in data if name not in self.fields)
            if unknown:
                known = ", ".join(name for name, field in self.fields.items() if not field.read_only)
                raise ValidationError({name: [f"There is no such member. Known are: {known}."] for name in unknown})
        return super().to_internal_value(data)  # type: ignore[misc]


class InputSerializer(Strict, serializers.Serializer[Any]):
    """What is sent."""


def id_field(name: str, words: str, *, optional: bool = False, nullable: bool = False) -> serializers.IntegerField:
    """The id of a thing of the account's directory, which services look up: the serializer asks no database.

    An `optional` one may be null, and is when it is left out.
    """
    options: dict[str, Any] = {"default": None} if optional else {}
    return serializers.IntegerField(
        source=f"{name}_id",
        min_value=1,
        max_value=GREATEST_BIG_INTEGER,
        allow_null=optional or nullable,
        help_text=words,
        **options,
    )


def record_id(words: str, **options: Any) -> serializers.IntegerField:
    """The number of a row that is sent: in a query, or to say where something belongs."""
    return serializers.IntegerField(min_value=1, max_value=GREATEST_BIG_INTEGER, help_text=words, **options)


def words_field() -> serializers.CharField:
    """A row as people read it."""
    return serializers.CharField(source="__str__", read_only=True, help_text="The row as people read it.")
