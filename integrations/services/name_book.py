"""Names for the ids that the products, and so the planner's answers, know people's things by."""

from __future__ import annotations

from collections.abc import Collection

from integrations.domain.catalogue import Field
from integrations.domain.enums import FieldKind
from integrations.domain.normalise import text_of
from integrations.domain.person import ListItem, Value
from integrations.models import Member, Person, Sequence, SequenceStep


class NameBook:
    """The members and sequences of some accounts, looked up once, by (account, id)."""

    def __init__(self, account_ids: Collection[int]) -> None:
        members = Member.objects.filter(account__in=account_ids)
        self._members = {(member.account_id, member.external_id): str(member) for member in members}
        sequences = Sequence.objects.filter(account__in=account_ids).select_related("owner")
        self._sequences = {(row.account_id, row.external_id): row.name for row in sequences}

    def member(self, account_id: int, member_id: str | None) -> str:
        """The member; somebody who was never seen in the directory keeps the id, with words round it."""
        if not member_id:
            return "nobody"
        return self._members.get((account_id, member_id), f"a member who is not in the directory (id {member_id})")

    def sequence(self, account_id: int, sequence_id: str) -> str:
        """The sequence's name."""
        known = self._sequences.get((account_id, sequence_id))
        return f"“{known}”" if known else f"a sequence that is not in the directory (id {sequence_id})"


def sequence_step_name(account_id: int, sequence_id: str, step_id: str) -> str:
    """The number and label of a sequence's step."""
    steps = SequenceStep.objects.filter(sequence__account=account_id, sequence__external_id=sequence_id)
    step = steps.filter(external_id=step_id).first()
    return str(step) if step else f"a step that is not in the directory (id {step_id})"


def people_names(account_id: int, person_ids: Collection[str]) -> str:
    """People of an account by name and address, oldest row first, with the ids by which one finds them there."""
    rows = Person.objects.filter(account=account_id, external_id__in=person_ids)
    return ", ".join(f"{row.name or '(no name)'} <{row.email}> (id {row.external_id})" for row in rows)


def value_words(value: Value, field: Field | None) -> str:
    """A value as people read it: options by label, lists with commas, "" where it is blank."""
    if field is None or field.kind not in (FieldKind.OPTION, FieldKind.OPTIONS) or value is None:
        return text_of(value)
    labels = {option.id: option.label for option in field.options}
    if isinstance(value, tuple):
        return ", ".join(item.value if isinstance(item, ListItem) else labels.get(item, item) for item in value)
    return labels.get(text_of(value), text_of(value))
