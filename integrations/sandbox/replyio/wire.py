"""Records as Reply's answers show them."""

from __future__ import annotations

from datetime import datetime

from integrations.sandbox.core import Json
from integrations.sandbox.replyio.options import ReplyOptions
from integrations.sandbox.replyio.records import (
    BlacklistRule,
    Contact,
    ContactLink,
    ContactList,
    CustomField,
    Sequence,
    Step,
    Webhook,
)
from integrations.sandbox.replyio.state import State
from integrations.sandbox.replyio.steps import display_name

# As seen on a live account: some missing values are empty strings, the others null.
_EMPTY_STRINGS = ("phone", "title", "city", "state", "country", "lastName", "notes")
_NULLS = ("company", "industry", "timeZoneId", "linkedInUrl", "linkedInSalesNavigatorUrl", "linkedInRecruiterUrl")
_SHOWN = ("email", "firstName", *_EMPTY_STRINGS, *_NULLS)
_BY_FIELD: dict[str, str | None] = dict.fromkeys(_EMPTY_STRINGS, "") | dict.fromkeys(_NULLS) | {
    "email": None, "firstName": "",
}  # fmt: skip
_MISSING: dict[str, dict[str, str | None]] = {
    "by_field": _BY_FIELD,
    "null": dict.fromkeys(_SHOWN),
    "empty": dict.fromkeys(_SHOWN, ""),
}


def stamp(at: datetime) -> str:
    """An instant with its offset and two decimals, as `addingDate` is shown."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 10_000:02d}+00:00"


def contact_json(contact: Contact, options: ReplyOptions) -> Json:
    """A contact. `phone2` can be written but is not shown; `customFields` keys are field ids as strings."""
    texts = contact.texts
    shown: dict[str, Json] = {"id": contact.id}
    shown.update(_MISSING[options.missing_values])
    shown.update(texts)
    shown.pop("phone2", None)
    size = texts.get("companySize", "Empty")
    shown["companySize"] = size if options.company_size_case == "pascal" else size[0].lower() + size[1:]
    shown["domain"] = contact.email.rpartition("@")[2] or None
    shown["phoneStatus"] = "notValidated"
    shown["ownerUserId"] = contact.owner_user_id
    shown["accountId"] = contact.account_id
    shown["isOptedOut"] = contact.is_opted_out
    shown["callStatus"] = contact.call_status
    shown["meetingStatus"] = contact.meeting_status
    shown["addingDate"] = stamp(contact.added_at)
    shown["createdAt"] = contact.added_at.strftime("%Y-%m-%dT%H:%M:%S") if options.stamps_filled else None
    shown["lastModifiedAt"] = contact.changed_at.strftime("%Y-%m-%dT%H:%M:%S") if options.stamps_filled else None
    shown["customFields"] = [{"key": str(key), "value": value} for key, value in contact.custom.items()]
    return shown


def custom_field_json(each: CustomField) -> Json:
    """A custom field's definition."""
    return {
        "id": each.id, "title": each.title, "fieldType": each.field_type, "metadata": each.metadata,
        "orgWide": each.org_wide,
    }  # fmt: skip


def list_json(each: ContactList) -> Json:
    """A contact list."""
    return {"id": each.id, "name": each.name, "isShared": each.is_shared}


def rule_json(rule: BlacklistRule) -> Json:
    """A blacklist rule."""
    return {"id": rule.id, "pattern": rule.pattern, "isGlobal": rule.is_global}


def webhook_json(webhook: Webhook) -> Json:
    """A webhook subscription."""
    return {
        "id": webhook.id, "eventType": webhook.event_type, "url": webhook.url, "scope": webhook.scope,
        "enabled": webhook.enabled, "createdAt": stamp(webhook.created_at), "payloadConfig": webhook.payload_config,
    }  # fmt: skip


def sequence_row(sequence: Sequence, state: State) -> Json:
    """A sequence as a row of the list."""
    return {
        "id": sequence.id, "teamId": state.team_id, "ownerUserId": sequence.owner_user_id, "name": sequence.name,
        "status": sequence.status, "created": stamp(sequence.created), "isArchived": sequence.is_archived,
        "health": sequence.health,
    }  # fmt: skip


def sequence_json(sequence: Sequence, state: State) -> Json:
    """A sequence with its steps and settings."""
    return sequence_row(sequence, state) | {
        "schedule": {"id": 311, "name": "Weekdays", "timezone": "Central European Standard Time"},
        "emailAccounts": [],
        "linkedInAccounts": [],
        "settings": {"daysToFinishProspect": 14, "dailyThrottling": 200, "repliesHandlingType": "markAsFinished"},
        "steps": [step_json(step) for step in sequence.steps],
    }


def step_json(step: Step) -> Json:
    """A step. There is no order or number: only the parent."""
    return {
        "id": step.id, "parentId": step.parent_id, "ifConditionPositive": step.if_positive, "type": step.type,
        "delayInMinutes": step.delay_in_minutes, "executionMode": step.execution_mode, **step.details,
    }  # fmt: skip


def current_step(link: ContactLink, sequence: Sequence) -> Json:
    """Where a participation stands."""
    if link.status == "finished":
        return {"stepId": None, "displayName": "Finished"}
    return {"stepId": link.step_id, "displayName": display_name(sequence, link.step_id)}


def link_json(link: ContactLink, contact: Contact, sequence: Sequence) -> Json:
    """A participation as the sequence shows it."""
    texts = contact.texts
    return {
        "contactId": contact.id,
        "sequenceId": sequence.id,
        "email": texts.get("email"),
        "firstName": texts.get("firstName"),
        "lastName": texts.get("lastName"),
        "company": texts.get("company"),
        "title": texts.get("title"),
        "statusInSequence": link.status,
        "isOptedOut": contact.is_opted_out,
        "callStatus": contact.call_status,
        "meetingStatus": contact.meeting_status,
        "emailDisposition": None,
        "currentStep": current_step(link, sequence),
        "addingDate": stamp(link.added_at),
        "emailAccountId": None,
        "linkedInAccountId": None,
    }
