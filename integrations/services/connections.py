"""Connections: pairing two accounts, and switching the pair on and off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from integrations.domain.enums import Direction
from integrations.models import Account, Connection
from integrations.models.history import noting

from .steps import add_step
from .webhooks import look_after_soon


def create_connection(*, name: str, crm_account: Account, outreach_account: Account, by: User | None) -> Connection:
    """Pair the accounts, switched off, with the first sync step from the CRM to sequences.

    Raises ValidationError when the accounts are paired already or play the wrong roles.
    """
    connection = Connection(
        name=name or f"{outreach_account.name} and {crm_account.name}",
        crm_account=crm_account,
        outreach_account=outreach_account,
    )
    connection.full_clean()
    with transaction.atomic(), noting(by=by):
        connection.save()
        add_step(connection=connection, direction=Direction.TO_OUTREACH, by=by)
    return connection


def set_enabled(*, connection: Connection, enabled: bool, by: User | None) -> None:
    """Switch the connection on or off. Raises ValidationError when it has no step that a run could include."""
    if enabled and not connection.steps.enabled().exists():
        raise ValidationError("Add a sync step first: without one there is nothing to sync.")
    if connection.enabled != enabled:
        connection.enabled = enabled
        connection.enabled_at = timezone.now() if enabled else None
        with transaction.atomic(), noting(by=by):
            connection.save(update_fields=["enabled", "enabled_at"])
            look_after_soon(connection)


def change_connection(*, connection: Connection, values: Mapping[str, Any], by: User | None) -> None:
    """Change the name, the schedule, the brakes and the toggle, all or nothing.

    `values` are checked already, each for itself. Raises ValidationError like `set_enabled`.
    """
    changed = [name for name, value in values.items() if name != "enabled" and getattr(connection, name) != value]
    with transaction.atomic(), noting(by=by):
        for name in changed:
            setattr(connection, name, values[name])
        if changed:
            connection.save(update_fields=changed)
        if "enabled" in values:
            set_enabled(connection=connection, enabled=values["enabled"], by=by)
