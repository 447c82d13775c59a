"""Configuration as text: what import_configuration reads, in an order that does not change."""

from __future__ import annotations

from typing import Any

import yaml

from integrations.models import (
    Account,
    AccountField,
    Connection,
    FieldMapping,
    FilterCondition,
    Member,
    OwnerMapping,
    SequenceMapping,
    SyncStep,
)

VERSION = 1
_HEAD = "# SyncAdmin's configuration. It holds no secrets; accounts are connected in each installation itself.\n"


def export_configuration(connection: Connection | None = None) -> str:
    """One connection, or all, as YAML."""
    connections = Connection.objects.with_accounts().order_by("name", "pk")
    if connection is not None:
        connections = connections.filter(pk=connection.pk)
    document = {"version": VERSION, "connections": [_connection(each) for each in connections]}
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, default_flow_style=False, width=110)
    return _HEAD + text


def _connection(connection: Connection) -> dict[str, Any]:
    steps = connection.steps.select_related("fallback_member")
    return {
        "name": connection.name,
        "crm_account": _account(connection.crm_account),
        "outreach_account": _account(connection.outreach_account),
        "enabled": connection.enabled,
        **{name: getattr(connection, name) for name in Connection.NUMBERS},
        "steps": [_step(step) for step in steps],
    }


def _account(account: Account) -> dict[str, str]:
    key = f"{account.product} {account.external_id} {account.user_external_id}"
    return {"id": key, "name": account.name}


def _step(step: SyncStep) -> dict[str, Any]:
    fields = step.field_mappings.select_related("source_field", "target_field")
    rules = step.filter_conditions.select_related("field", "member", "saved_filter")
    owners = step.owner_mappings.select_related("source_member", "target_member")
    sequences = step.sequence_mappings.select_related("owner", "sequence", "sequence_step")
    return {
        "direction": step.direction,
        "name": step.name,
        "enabled": step.enabled,
        "on_conflict": step.on_conflict,
        "recreate_deleted": step.recreate_deleted,
        "fields": [_field_row(row) for row in fields],
        "filter_join": step.filter_join,
        "filters": [_rule(row) for row in rules],
        "unmapped_owners": step.unmapped_owners,
        "fallback_member": _member(step.fallback_member) if step.fallback_member else None,
        "owners": [_owner_row(row) for row in owners],
        "sequences": [_sequence_row(row) for row in sequences],
    }


def _member(member: Member) -> dict[str, str]:
    return {"id": member.external_id, "email": member.email, "name": member.name}


def _field(field: AccountField) -> dict[str, str]:
    return {"id": field.key, "name": field.label}


def _field_row(row: FieldMapping) -> dict[str, Any]:
    sides = {"from": _field(row.source_field), "to": _field(row.target_field)}
    return {**sides, "overwrite": row.mode, "when_blank": row.when_blank}


def _rule(row: FilterCondition) -> dict[str, Any]:
    rule: dict[str, Any] = {"group": row.group, "about": row.subject}
    if row.field is not None:
        rule["field"] = _field(row.field)
    if row.saved_filter is not None:
        rule["list"] = {"id": row.saved_filter.external_id, "name": row.saved_filter.name}
    rule["operator"] = row.operator
    if row.member is not None:
        rule["member"] = _member(row.member)
    elif row.value:
        rule["value"] = row.value
    return rule


def _owner_row(row: OwnerMapping) -> dict[str, Any]:
    return {"from": _member(row.source_member), "to": _member(row.target_member)}


def _sequence_row(row: SequenceMapping) -> dict[str, Any]:
    return {
        "owner": _member(row.owner),
        "sequence": {"id": row.sequence.external_id, "name": row.sequence.name},
        "step": {"id": row.sequence_step.external_id, "number": row.sequence_step.number},
        "ignore_step_delay": row.ignore_step_delay,
        "only_for_new": row.only_for_new,
    }
