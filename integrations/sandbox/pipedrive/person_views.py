"""How a person looks in v2, in v1 (only a merge shows that), and in a webhook."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from integrations.sandbox.core import Json
from integrations.sandbox.pipedrive.custom_values import as_webhook_value, with_option_labels
from integrations.sandbox.pipedrive.desk import Desk
from integrations.sandbox.pipedrive.records import Labelled, Person, v1_time

COUNTERS = (
    "open_deals_count", "related_open_deals_count", "closed_deals_count", "related_closed_deals_count",
    "participant_open_deals_count", "participant_closed_deals_count", "email_messages_count", "activities_count",
    "done_activities_count", "undone_activities_count", "files_count", "notes_count", "followers_count",
    "won_deals_count", "related_won_deals_count", "lost_deals_count", "related_lost_deals_count",
)  # fmt: skip
EMPTY_EXTRAS = ("next_activity_id", "last_activity_id", "last_incoming_mail_time", "last_outgoing_mail_time")
INCLUDABLE = frozenset((*COUNTERS, *EMPTY_EXTRAS, "marketing_status", "doi_status", "smart_bcc_email"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a caller asked to see besides the ordinary: extra fields, only some custom fields, labels."""

    include_fields: Collection[str] = ()
    custom_fields: frozenset[str] | None = None
    option_labels: bool = False
    labels: bool = False


def v2_person(person: Person, desk: Desk, wanted: Wanted) -> dict[str, Json]:
    """The v2 object, under the readings in force."""
    shown: dict[str, Json] = {
        "id": person.id,
        "name": person.name,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "owner_id": person.owner_id,
        "org_id": person.org_id,
        "add_time": person.add_time,
        "update_time": person.update_time,
        "emails": _items(person.emails, desk),
        "phones": _items(person.phones, desk),
        "is_deleted": person.is_deleted,
        "visible_to": person.visible_to,
        "label_ids": person.label_ids,
        "picture_id": None,
        "custom_fields": _custom_fields(person, desk, wanted),
    }
    if desk.options.contact_sync:
        shown |= {
            "im": person.im, "postal_address": person.postal_address, "notes": person.notes,
            "birthday": person.birthday, "job_title": person.job_title,
        }  # fmt: skip
    if wanted.labels:
        names = {label.id: label.label for label in desk.state.labels}
        shown["labels"] = [{"id": one, "label": names[one]} for one in person.label_ids]
    for name in wanted.include_fields:
        shown |= _extra(name, person, desk)
    return shown


def _items(items: list[Labelled], desk: Desk) -> Json:
    if not items and desk.options.empty_phones == "blank_item":
        return [{"value": "", "primary": True}]
    return items


def _custom_fields(person: Person, desk: Desk, wanted: Wanted) -> dict[str, Json] | None:
    reading = desk.options.unset_custom_fields
    if reading == "whole_null" and not person.custom_fields:
        return None
    shown: dict[str, Json] = {}
    for field in desk.state.custom_fields():
        if wanted.custom_fields is not None and field.code not in wanted.custom_fields:
            continue
        value = person.custom_fields.get(field.code)
        if value is not None:
            shown[field.code] = with_option_labels(value, field) if wanted.option_labels else value
        elif reading != "absent":
            shown[field.code] = None
    return shown


def _extra(name: str, person: Person, desk: Desk) -> dict[str, Json]:
    if name in COUNTERS:
        return {name: 0}
    if name == "smart_bcc_email":
        return {name: f"{desk.state.company_domain}+person{person.id}@pipedrivemail.example"}
    if name in ("marketing_status", "doi_status"):
        return {name: person.marketing_status if name == "marketing_status" else 1} if desk.options.campaigns else {}
    return {name: None}


def v1_person(person: Person, desk: Desk) -> dict[str, Json]:
    """The v1 object, flat, with v1's names and times."""
    organization = desk.state.organizations.get(person.org_id or 0)
    return {
        "id": person.id, "company_id": desk.state.company_id, "owner_id": person.owner_id, "org_id": person.org_id,
        "name": person.name, "first_name": person.first_name, "last_name": person.last_name,
        **dict.fromkeys(COUNTERS, 0), "active_flag": not person.is_deleted,
        "phone": person.phones or [{"value": "", "primary": True}],
        "email": person.emails or [{"value": "", "primary": True}],
        "first_char": person.name[:1].lower(), "add_time": v1_time(person.add_time),
        "update_time": v1_time(person.update_time), "visible_to": str(person.visible_to), "picture_id": None,
        "label": person.label_ids[0] if person.label_ids else None, "label_ids": person.label_ids,
        "org_name": organization.name if organization else None,
        "owner_name": desk.state.users[person.owner_id].name, "cc_email": None,
        **{field.code: person.custom_fields.get(field.code) for field in desk.state.custom_fields()},
    }  # fmt: skip


def webhook_person(person: Person, desk: Desk) -> dict[str, Json]:
    """The entity of a webhook: numbers for ids, text for visible_to, typed objects for custom fields, null where unset.

    That is how the one captured body (a deal) looks; which keys persons have there is unconfirmed.
    """
    shown: dict[str, Json] = {
        name: getattr(person, name)
        for name in ("id", "name", "first_name", "last_name", "owner_id", "org_id", "add_time", "update_time")
    }
    visible_to = str(person.visible_to) if desk.options.meta_visible_to_as_string else person.visible_to
    shown |= {"emails": list(person.emails), "phones": list(person.phones), "visible_to": visible_to}
    shown |= {"label_ids": list(person.label_ids), "picture_id": None}
    if desk.options.contact_sync:
        shown |= {"job_title": person.job_title, "notes": person.notes, "birthday": person.birthday}
    shown["custom_fields"] = {
        field.code: as_webhook_value(person.custom_fields.get(field.code), field)
        for field in desk.state.custom_fields()
    }
    return shown


def changed_values(before: Mapping[str, Json], after: Mapping[str, Json]) -> dict[str, Json]:
    """The earlier values of what differs, as `previous` holds them; custom fields key by key."""
    previous = {name: value for name, value in before.items() if name != "custom_fields" and value != after[name]}
    custom = {
        code: value for code, value in before["custom_fields"].items() if value != after["custom_fields"].get(code)
    }
    return {**previous, "custom_fields": custom} if custom else previous
