"""Contacts in sequences: being added, jumping ahead, changing status, being opted out."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.sandbox.core import Deliver
from integrations.sandbox.replyio.bodies import Body
from integrations.sandbox.replyio.call import Call
from integrations.sandbox.replyio.errors import business
from integrations.sandbox.replyio.events import tell
from integrations.sandbox.replyio.records import Contact, ContactLink, LinkStatus, Sequence, Step
from integrations.sandbox.replyio.state import State
from integrations.sandbox.replyio.steps import first_step, is_later
from integrations.sandbox.replyio.visibility import reaches

WRITABLE_STATUSES: tuple[LinkStatus, ...] = ("active", "paused", "finished", "outOfOffice")
REFUSED = "Contact could not be added to sequence"


@dataclass(frozen=True, slots=True)
class Terms:
    """How contacts are to be added to a sequence."""

    start_step_id: int | None = None
    ignore_step_delay: bool = False
    remove_from_existing: bool = False
    start_from: str | None = None

    @classmethod
    def of(cls, body: Body) -> Terms:
        """Read the terms from a body, noting wrong shapes in it."""
        return cls(
            body.identifier("startStepId"),
            bool(body.flag("ignoreStepDelay")),
            bool(body.flag("removeFromExisting")),
            body.instant("startFrom"),
        )


def start_of(sequence: Sequence, terms: Terms) -> Step:
    """The step to start at. Raises ProblemError for an archived or empty sequence and for a step of another one.

    The code for a foreign step is not documented; Reply is said to answer every refusal with `invalidInput`.
    """
    if sequence.is_archived:
        raise business(400, "sequence.archived", f"Sequence {sequence.id} is archived.")
    first = first_step(sequence)
    if first is None:
        raise business(400, "sequenceContact.noStepsInSequence", "Sequence has no steps to enroll contacts into.")
    if terms.start_step_id is None:
        return first
    step = next((each for each in sequence.steps if each.id == terms.start_step_id), None)
    if step is None:
        raise business(400, "sequenceContact.invalidInput", f"Step {terms.start_step_id} is not in the sequence.")
    return step


def enrol(call: Call, sequence: Sequence, contact: Contact, step: Step, terms: Terms) -> str:
    """Add one contact, or move it ahead. Returns the slug of the refusal, empty when it was done."""
    if not reaches(call, contact.owner_user_id):
        return "forbidden"
    blacklisted = call.state.is_blacklisted(contact.email)
    if contact.is_opted_out or (blacklisted and call.options.blacklisted_enrolment == "invalidInput"):
        return "invalidInput"
    link = call.state.link(sequence.id, contact.id)
    if link is not None:
        return _move_ahead(call, sequence, link, step, terms)
    if not terms.remove_from_existing and call.options.one_sequence_per_owner and _meets_owner(call, sequence, contact):
        return "invalidInput"
    if terms.remove_from_existing:
        _leave_others(call.state, contact.id, sequence.id)
    status: LinkStatus = "inactive" if blacklisted or (step.type == "email" and not contact.email) else "active"
    user_id = call.caller.user.id
    call.state.add_link(
        ContactLink(
            contact.id,
            sequence.id,
            step.id,
            terms.ignore_step_delay,
            terms.start_from,
            call.state.now(),
            user_id,
            status,
        )
    )
    call.state.log_activity(contact.id, "addedToSequence", user_id, {"sequenceId": sequence.id, "stepId": step.id})
    return ""


def set_status(state: State, deliver: Deliver, link: ContactLink, status: LinkStatus) -> None:
    """Change a participation's status; finishing it is an event."""
    if status == "finished" and link.status != "finished":
        tell(state, deliver, "contact_finished", state.contacts[link.contact_id], link)
    link.status = status


def opt_out(state: State, deliver: Deliver, contact: Contact, opted_out: bool) -> None:
    """Set or clear the opt-out. Opting out finishes every participation, with one `contact_opted_out` for each."""
    if opted_out and not contact.is_opted_out:
        for link in state.links_of_contact.get(contact.id, {}).values():
            tell(state, deliver, "contact_opted_out", contact, link)
            link.status = "finished"
    contact.is_opted_out = opted_out
    state.touch(contact)


def _move_ahead(call: Call, sequence: Sequence, link: ContactLink, step: Step, terms: Terms) -> str:
    if call.options.bulk_already_in == "already_in_sequence":
        return "contactAlreadyInSequence"
    if link.status == "finished" or not is_later(sequence, step.id, than=link.step_id):
        return "invalidInput"
    link.step_id = step.id
    link.ignore_step_delay = terms.ignore_step_delay
    link.start_from = terms.start_from
    link.moves += 1
    if terms.remove_from_existing:
        _leave_others(call.state, link.contact_id, sequence.id)
    return ""


def _leave_others(state: State, contact_id: int, sequence_id: int) -> None:
    for other in list(state.links_of_contact.get(contact_id, ())):
        if other != sequence_id:
            state.remove_link(other, contact_id)


def _meets_owner(call: Call, sequence: Sequence, contact: Contact) -> bool:
    state = call.state
    return any(
        link.status != "finished" and state.sequences[other].owner_user_id == sequence.owner_user_id
        for other, link in state.links_of_contact.get(contact.id, {}).items()
    )
