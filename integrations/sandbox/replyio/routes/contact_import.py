"""The bulk upsert: at most 1,000 items, answered one by one in their order, with HTTP 200 whatever happened to each."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from integrations.sandbox.core import Json, Response
from integrations.sandbox.replyio.bodies import Body
from integrations.sandbox.replyio.call import Call, wrote
from integrations.sandbox.replyio.contact_edits import edit_contact
from integrations.sandbox.replyio.contact_fields import Fields, put_flags, put_values, read_fields
from integrations.sandbox.replyio.errors import business
from integrations.sandbox.replyio.participation import Terms, enrol, start_of
from integrations.sandbox.replyio.records import TEXT_FIELDS, Contact, Sequence, Step
from integrations.sandbox.replyio.routes.contacts import check_room, holders_of
from integrations.sandbox.replyio.routing import Route
from integrations.sandbox.replyio.visibility import reaches

MOST_ITEMS = 1000
_TEXT_KEYS = ("linkedInUrl", "phone", "firstName", "lastName", "company")


@dataclass(frozen=True, slots=True)
class _Options:
    overwrite: bool
    skip: bool
    skip_without_emails: bool
    restore_deleted: bool
    list_ids: list[int]
    sequence_id: int | None
    text_keys: tuple[str, ...]
    custom_keys: tuple[int, ...]

    @classmethod
    def of(cls, body: Body) -> _Options:
        body.flag("detectTimeZone")
        keys = body.object("keys")
        return cls(
            bool(body.flag("overwriteExisting")),
            bool(body.flag("skipExisting")),
            bool(body.flag("skipWithoutEmails")),
            bool(body.flag("restoreDeleted")),
            body.identifiers("listIds", required=False),
            body.identifier("sequenceId"),
            tuple(name for name in _TEXT_KEYS if keys.flag(name)),
            tuple(keys.identifiers("customFieldIds", required=False)),
        )


@dataclass(slots=True)
class _Run:
    call: Call
    options: _Options
    seen: dict[str, int] = field(default_factory=dict)
    by_key: dict[tuple[str, ...], Contact] = field(default_factory=dict)
    taken_in: list[Contact] = field(default_factory=list)


def import_contacts(call: Call) -> Response:
    """Create, fill, overwrite, restore or skip each item by its address (and further keys)."""
    body = Body.of(call.request)
    items = body.objects("items", required=True)
    if len(items) > MOST_ITEMS:
        raise business(400, "contact.limitExceeded", f"Maximum {MOST_ITEMS} items per import request.")
    options = _Options.of(body.object("options"))
    read = [read_fields(item, call.state) for item in items]
    if call.options.import_bad_email == "fails_batch":
        for item, fields in zip(items, read, strict=True):
            if fields.has_bad_email:
                item.fault("email", "'email' is not a valid email address.")
    body.check()
    start = _check_targets(call, options)
    new = {fields.email.lower() for fields in read if fields.email and not holders_of(call, fields.email)}
    check_room(call, len(new))
    run = _Run(call, options)
    if options.text_keys or options.custom_keys:
        for contact in call.state.contacts.values():
            _remember_key(run, contact)
    results = [_take(run, fields) for fields in read]
    _place(run, start)
    counts = Counter(result["status"] for result in results)
    answer = wrote(
        {
            "items": results,
            "added": counts["created"],
            "updated": counts["updated"] + counts["restored"],
            "skipped": counts["skipped"],
            "failed": counts["failed"],
        }
    )
    answer.wrote = bool(run.taken_in)
    return answer


def _take(run: _Run, fields: Fields) -> Json:
    if not fields.texts.get("firstName") or fields.has_bad_email:
        return _result(None, "failed", error="Invalid data")
    if fields.problem:
        return _result(None, "failed", error=fields.problem)
    email = fields.email.lower()
    if not email:
        if run.options.skip_without_emails:
            return _result(None, "skipped")
        if not fields.texts.get("linkedInUrl"):
            return _result(None, "failed", error="Invalid data")
    if email in run.seen:
        return _result(run.seen[email], "skipped")
    result = _upsert(run, fields, email)
    if email and result["id"] is not None:
        run.seen[email] = result["id"]
    return result


def _upsert(run: _Run, fields: Fields, email: str) -> Json:
    call = run.call
    contact = next(iter(holders_of(call, email)), None) or run.by_key.get(_key_of(run, fields.texts, fields.custom))
    if contact is not None:
        if not _may_edit(call, contact):
            return _result(contact.id, "skipped", skip_reason="noEditPermission")
        if run.options.skip:
            return _result(contact.id, "skipped")
        _update(run, contact, fields)
        return _result(contact.id, "updated")
    gone = call.state.deleted_with_email(email)
    if gone is not None and not run.options.restore_deleted:
        return _result(None, "skipped", skip_reason="contactDeleted")
    if gone is not None:
        call.state.restore_contact(gone)
        _put(run, gone, fields)
        return _result(gone.id, "restored")
    created = call.state.add_contact(call.caller.user.id, {}, {})
    _put(run, created, fields)
    return _result(created.id, "created")


def _update(run: _Run, contact: Contact, fields: Fields) -> None:
    if not run.options.overwrite:
        put_values(run.call.state, contact, fields, only_empty=True)
        run.taken_in.append(contact)
        return
    if run.call.options.import_overwrite_blanks_omitted:
        blanks: dict[str, str | None] = dict.fromkeys(TEXT_FIELDS)
        fields = Fields(blanks | fields.texts, dict.fromkeys(contact.custom) | fields.custom, fields.flags)
    _put(run, contact, fields)


def _put(run: _Run, contact: Contact, fields: Fields) -> None:
    owner = fields.flags.pop("ownerUserId", None)
    edit_contact(run.call.state, run.call.deliver, contact, fields)
    if run.call.options.import_applies_owner and run.call.state.member(owner) is not None:
        put_flags(contact, Fields(flags={"ownerUserId": owner}))
    _remember_key(run, contact)
    run.taken_in.append(contact)


def _may_edit(call: Call, contact: Contact) -> bool:
    user = call.caller.user
    if user.is_owner or contact.owner_user_id == user.id:
        return True
    return reaches(call, contact.owner_user_id) and not call.options.import_no_edit_permission


def _key_of(run: _Run, texts: dict[str, str | None], custom: dict[int, str | None]) -> tuple[str, ...]:
    values = [texts.get(name) for name in run.options.text_keys] + [custom.get(key) for key in run.options.custom_keys]
    return tuple(value.lower() for value in values if value) if all(values) else ()


def _remember_key(run: _Run, contact: Contact) -> None:
    key = _key_of(run, dict(contact.texts), dict(contact.custom))
    if key:
        run.by_key.setdefault(key, contact)


def _check_targets(call: Call, options: _Options) -> tuple[Sequence, Step] | None:
    missing = [each for each in options.list_ids if each not in call.state.lists]
    if missing:
        raise business(400, "contact.invalidInput", f"Contact list {missing[0]} was not found.")
    if options.sequence_id is None:
        return None
    sequence = call.state.sequences.get(options.sequence_id)
    if sequence is None:
        raise business(400, "contact.invalidInput", f"Sequence {options.sequence_id} was not found.")
    return sequence, start_of(sequence, Terms())


def _place(run: _Run, start: tuple[Sequence, Step] | None) -> None:
    for list_id in run.options.list_ids:
        run.call.state.lists[list_id].contact_ids.update(dict.fromkeys(contact.id for contact in run.taken_in))
    if start is not None:
        for contact in run.taken_in:
            enrol(run.call, start[0], contact, start[1], Terms())


def _result(contact_id: int | None, status: str, *, error: str | None = None, skip_reason: str = "") -> Json:
    result: dict[str, Json] = {"id": contact_id, "status": status, "error": error}
    if skip_reason:
        result["skipReason"] = skip_reason
    return result


ROUTES = (Route("POST", "/v3/contacts/import", "contacts:write", import_contacts),)
