"""Storing many changed rows quickly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model)


def overwrite(model: type[M], rows: Iterable[M], columns: Sequence[str]) -> None:
    """Store the columns of rows that exist, whole instances given.

    One upsert by primary key for many rows. Django's `bulk_update` builds a CASE per row and column, which cost more
    than all else that a run does.
    """
    model._default_manager.bulk_create(
        list(rows), update_conflicts=True, unique_fields=["pk"], update_fields=columns, batch_size=500
    )
