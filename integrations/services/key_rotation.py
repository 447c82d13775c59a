"""Rotating the keys that secrets are encrypted with: every stored secret is encrypted anew with the first key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.apps import apps
from django.db import models, transaction
from django.db.models.functions import Cast

from integrations.models.fields import EncryptedJSONField, can_decrypt, is_up_to_date

BATCH = 200
"""Rows that are locked at a time. SQLite lets nobody else write meanwhile."""


@dataclass(slots=True)
class Rotation:
    """What was done. `lost` names the rows whose secret no key decrypts; they stay as they are."""

    seen: int = 0
    renewed: int = 0
    lost: list[str] = field(default_factory=list)


def encrypted_fields() -> Iterator[tuple[type[models.Model], EncryptedJSONField]]:
    """Every column of secrets in the installation."""
    for model in apps.get_models():
        for column in model._meta.local_concrete_fields:
            if isinstance(column, EncryptedJSONField):
                yield model, column


def rotate_keys() -> Rotation:
    """Encrypt every secret with the first key that is not encrypted with it yet. May be repeated and interrupted."""
    done = Rotation()
    for model, column in encrypted_fields():
        last: int | None = 0
        while last is not None:
            last = _rotate_batch(model, column, last, done)
    return done


def _rotate_batch(model: type[models.Model], column: EncryptedJSONField, after: int, done: Rotation) -> int | None:
    """The id of the last row of the next batch; None when there was none left."""
    stored = Cast(models.F(column.name), models.TextField())
    with transaction.atomic():
        # The lock is the one that token renewal takes: whoever renews meanwhile waits, or is seen with the new tokens.
        locked = model._default_manager.select_for_update(no_key=True).filter(pk__gt=after).order_by("pk")
        rows = list(locked.annotate(_stored=stored)[:BATCH])
        for row in rows:
            done.seen += 1
            text: str = row._stored
            if is_up_to_date(text):
                continue
            if not can_decrypt(text):
                done.lost.append(f"{model._meta.verbose_name} {row.pk} ({row})")
                continue
            model._default_manager.filter(pk=row.pk).update(**{column.name: getattr(row, column.name)})
            done.renewed += 1
    return int(rows[-1].pk) if rows else None
