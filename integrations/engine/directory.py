"""Reading an account's directory into the rows that the forms offer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from integrations.connectors.ports import Connector, Directory
from integrations.domain.catalogue import Sequence as SequenceValue
from integrations.models import Account, AccountField, Member, SavedFilter, Sequence, SequenceStep


def refresh_directory(account: Account, connector: Connector) -> None:
    """Read everything the forms offer, and note what has vanished. Raises ConnectorError and then changes nothing."""
    directory = connector.directory()
    with transaction.atomic():
        _store_members(account, directory)
        _store(
            AccountField,
            {"account": account},
            "key",
            {
                field.key: {
                    "label": field.label,
                    "kind": field.kind.value,
                    "writable": field.writable,
                    "is_custom": field.is_custom,
                    "identity": field.identity,
                    "required": field.required,
                    "part_of": field.part_of,
                    "max_length": field.max_length,
                    "options": [{"id": option.id, "label": option.label} for option in field.options],
                    "position": position,
                }
                for position, field in enumerate(directory.fields)
            },
        )
        _store(
            SavedFilter,
            {"account": account},
            "external_id",
            {saved.id: {"name": saved.name, "kind": saved.kind} for saved in directory.saved_filters},
        )
        _store_sequences(account, directory.sequences)
        account.directory_refreshed_at = timezone.now()
        account.directory_warnings = list(directory.warnings)
        account.members_are_complete = directory.members_are_complete
        account.save(update_fields=["directory_refreshed_at", "directory_warnings", "members_are_complete"])


def _store_members(account: Account, directory: Directory) -> None:
    _store(
        Member,
        {"account": account},
        "external_id",
        {
            member.id: {"name": member.name, "email": member.email, "is_active": member.active}
            for member in directory.members
        },
        # A list that was derived from owners says nothing of those who are not on it.
        keep_absent=not directory.members_are_complete,
    )


def _store_sequences(account: Account, sequences: Iterable[SequenceValue]) -> None:
    sequences = list(sequences)
    owners = dict(Member.objects.filter(account=account).values_list("external_id", "pk"))
    _store(
        Sequence,
        {"account": account},
        "external_id",
        {
            sequence.id: {
                "name": sequence.name,
                "owner_id": owners.get(sequence.owner_id or ""),
                "status": sequence.status,
            }
            for sequence in sequences
        },
    )
    rows = {row.external_id: row for row in Sequence.objects.filter(account=account)}
    for sequence in sequences:
        if not sequence.steps:  # archived ones are not asked for their steps; what was known stays
            continue
        _store(
            SequenceStep,
            {"sequence": rows[sequence.id]},
            "external_id",
            {
                step.id: {"number": step.number, "label": step.label[:255], "position": step.position}
                for step in sequence.steps
            },
        )


def _store(
    model: type[models.Model],
    owner: Mapping[str, models.Model],
    key: str,
    wanted: Mapping[str, Mapping[str, Any]],
    *,
    keep_absent: bool = False,
) -> None:
    """Make the owner's rows equal to `wanted` (by `key`): add, change, and mark the absent as missing."""
    manager = model._default_manager
    existing = {getattr(row, key): row for row in manager.filter(**owner)}
    manager.bulk_create([model(**owner, **{key: name}, **row) for name, row in wanted.items() if name not in existing])
    changed = []
    for name, values in wanted.items():
        row = existing.get(name)
        new = {**values, "missing_since": None}
        if row is not None and any(getattr(row, attribute) != value for attribute, value in new.items()):
            for attribute, value in new.items():
                setattr(row, attribute, value)
            changed.append(row)
    columns = [*next(iter(wanted.values()), {}), "missing_since"]
    if changed:
        manager.bulk_update(changed, [column.removesuffix("_id") for column in columns])
    if not keep_absent:
        gone = [row.pk for name, row in existing.items() if name not in wanted]
        manager.filter(pk__in=gone, missing_since=None).update(missing_since=timezone.now())
