"""The whole workspace as JSON, in a form that does not follow the readings, for tests that compare states."""

from __future__ import annotations

from integrations.sandbox.core import Json
from integrations.sandbox.replyio.records import Contact, ContactLink
from integrations.sandbox.replyio.state import State
from integrations.sandbox.replyio.wire import (
    custom_field_json,
    list_json,
    rule_json,
    sequence_json,
    stamp,
    webhook_json,
)


def dump_state(state: State) -> dict[str, Json]:
    """Everything. Contacts have their non-empty fields by wire name, and custom values by the fields' titles."""
    return {
        "team": {"id": state.team_id, "name": state.team_name},
        "users": [
            {"id": user.id, "name": user.name, "email": user.email, "isOwner": user.is_owner, "removed": user.removed}
            for user in state.users.values()
        ],
        "keys": [
            {"token": key.token, "kind": key.kind, "userId": key.user_id, "scopes": list(key.scopes),
             "revoked": key.revoked}
            for key in state.keys.values()
        ],
        "contacts": [_contact(contact, state) for contact in state.in_id_order()],
        "deletedContacts": [_contact(contact, state) for contact in state.deleted.values()],
        "customFields": [custom_field_json(each) for each in state.custom_fields.values()],
        "lists": [
            {**list_json(each), "ownerUserId": each.owner_user_id, "contactIds": list(each.contact_ids)}
            for each in state.lists.values()
        ],
        "sequences": [sequence_json(each, state) for each in state.sequences.values()],
        "contactLinks": [_link(link) for links in state.links.values() for link in links.values()],
        "blacklist": [{**rule_json(rule), "kind": rule.kind} for rule in state.blacklist.values()],
        "webhooks": [
            {**webhook_json(each), "ownerUserId": each.owner_user_id, "failures": each.failures}
            for each in state.webhooks.values()
        ],
    }  # fmt: skip


def _contact(contact: Contact, state: State) -> Json:
    fields = state.custom_fields
    return {
        "id": contact.id,
        "ownerUserId": contact.owner_user_id,
        **contact.texts,
        "customFields": {fields[key].title: value for key, value in contact.custom.items() if key in fields},
        "accountId": contact.account_id,
        "isOptedOut": contact.is_opted_out,
        "callStatus": contact.call_status,
        "meetingStatus": contact.meeting_status,
        "addedAt": stamp(contact.added_at),
        "changedAt": stamp(contact.changed_at),
    }


def _link(link: ContactLink) -> Json:
    return {
        "contactId": link.contact_id,
        "sequenceId": link.sequence_id,
        "stepId": link.step_id,
        "ignoreStepDelay": link.ignore_step_delay,
        "startFrom": link.start_from,
        "addedAt": stamp(link.added_at),
        "addedBy": link.added_by,
        "status": link.status,
        "moves": link.moves,
    }
