"""Which values a step wants in the target, row by row of the fields mapping."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto

from .catalogue import Field
from .conversion import NotConvertible, convert
from .decisions import FieldChange, Note
from .enums import FieldKind, OverwriteMode, WhenBlank
from .normalise import entries, fingerprint, is_blank, is_usable_email, normal_email, normal_text, same, text_of
from .person import ListItem, Person, Value
from .reasons import Reason
from .step_settings import FieldRule

Values = Mapping[str, Value]
Parts = Mapping[str, tuple[str, ...]]
"""Key of a whole (`name`) to the keys of its parts, in the catalogue's order."""


class Outcome(Enum):
    """How a mapping row stands with a target person."""

    AGREES = auto()
    DIFFERS = auto()
    KEPT = auto()
    """The source is blank and the row does not clear."""
    NOT_ASKED = auto()
    """The row's overwrite mode does not apply."""
    NOT_CONVERTIBLE = auto()


@dataclass(frozen=True, slots=True)
class Wish:
    """What one row wants. `after` is the wanted value; without a wish it is the present one."""

    rule: FieldRule
    outcome: Outcome
    before: Value
    after: Value
    notes: tuple[Note, ...] = ()

    def change(self, sets_back: bool = False) -> FieldChange:
        """The change that fulfils the wish."""
        target = self.rule.target
        return FieldChange(target.key, target.label, self.before, self.after, self.rule.id, sets_back)


def parts_of(fields: Mapping[str, Field]) -> Parts:
    """The wholes of a catalogue and their parts."""
    parts: dict[str, tuple[str, ...]] = {}
    for key, field in fields.items():
        if field.part_of:
            parts[field.part_of] = (*parts.get(field.part_of, ()), key)
    return parts


def joined(values: Values, keys: Iterable[str]) -> str:
    """The parts as their whole: "first last"."""
    return normal_text(" ".join(text_of(values.get(key)) for key in keys))


def side_fingerprint(field: Field, values: Values, parts: Parts) -> str:
    """The fingerprint by which a link remembers a field of one side.

    A part is remembered by its whole: a product that splits the name anew has not changed the person.
    """
    if field.part_of:
        whole = joined(values, parts.get(field.part_of, ())) or values.get(field.part_of)
        return fingerprint(FieldKind.TEXT, whole)
    return fingerprint(field.kind, values.get(field.key))


class Unit:
    """Mapping rows that are decided together: one row, or all rows whose targets are parts of one whole."""

    __slots__ = ("_agrees", "_part_keys", "label", "rules")

    def __init__(self, rules: Sequence[FieldRule], part_keys: tuple[str, ...]) -> None:
        self.rules = tuple(rules)
        self._part_keys = part_keys
        self._agrees = tuple((rule.source.key, rule.target.key, _agreement(rule)) for rule in rules)
        self.label = ", ".join(rule.target.label for rule in rules)

    def agrees(self, source: Values, target: Values) -> bool:
        """Whether the target obviously has what is wanted. False says nothing: ask `wishes`."""
        for source_key, target_key, agree in self._agrees:
            value, current = source.get(source_key), target.get(target_key)
            if not (agree(value, current) or (value is None and current is None)):
                return False
        return True

    def wishes(self, source: Values, target: Values) -> list[Wish]:
        """What the rows want of an existing target person."""
        wishes = [_wish(rule, source.get(rule.source.key), target.get(rule.target.key)) for rule in self.rules]
        if self._part_keys and joined(target, self._part_keys) in (
            self.wanted_whole(wishes, target),
            # A last name that the source lacks may be what the product split off the first name.
            self.wanted_whole([_without_kept(wish) for wish in wishes], target),
        ):
            return [_agreed(wish) for wish in wishes]
        return wishes

    def wanted_whole(self, wishes: Sequence[Wish], target: Values) -> str:
        """The whole that the wishes make together with the parts that nobody asks to change."""
        return joined({**target, **{wish.rule.target.key: wish.after for wish in wishes}}, self._part_keys)

    def wanted_fingerprint(self, wish: Wish, wishes: Sequence[Wish], target: Values) -> str:
        """The fingerprint of what is wanted for the wish's key, of the whole where the key is a part."""
        if self._part_keys:
            return fingerprint(FieldKind.TEXT, self.wanted_whole(wishes, target))
        return fingerprint(wish.rule.target.kind, wish.after)


def units_of(rules: Sequence[FieldRule], parts: Parts) -> tuple[Unit, ...]:
    """The rows in units. Of two rows for one target field the first counts; the form refuses the second."""
    grouped: dict[str, list[FieldRule]] = {}
    seen: set[str] = set()
    for rule in rules:
        if rule.target.key in seen:
            continue
        seen.add(rule.target.key)
        whole = rule.target.part_of
        # Keys of wholes and of fields are told apart by the leading character, which no field key has.
        grouped.setdefault(f"\0{whole}" if whole else rule.target.key, []).append(rule)
    return tuple(Unit(group, parts.get(group[0].target.part_of, ())) for group in grouped.values())


def _without_kept(wish: Wish) -> Wish:
    return replace(wish, after=None) if wish.outcome is Outcome.KEPT else wish


def _agreed(wish: Wish) -> Wish:
    return replace(wish, outcome=Outcome.AGREES, after=wish.before) if wish.outcome is Outcome.DIFFERS else wish


Agreement = Callable[[Value, Value], bool]


def _agreement(rule: FieldRule) -> Agreement:
    """A quick test that is never wrongly true: most people need no more."""
    source, target = rule.source.kind, rule.target.kind
    if source is FieldKind.EMAILS and target is FieldKind.EMAIL:
        return _has_address
    if source is FieldKind.PHONES and target is FieldKind.PHONE:
        return _has_number
    if source is FieldKind.OPTION and target is FieldKind.TEXT:
        labels = {option.id: option.label for option in rule.source.options if not is_blank(option.label)}
        return lambda value, current: current is not None and labels.get(text_of(value)) == current
    if source is not target or source in (FieldKind.OPTION, FieldKind.OPTIONS, FieldKind.OTHER):
        return lambda value, current: False
    return lambda value, current: value == current


def _has_address(value: Value, current: Value) -> bool:
    if not isinstance(value, tuple) or not isinstance(current, str):
        return False
    sought = normal_email(current)
    return is_usable_email(sought) and any(
        isinstance(item, ListItem) and normal_email(item.value) == sought for item in value
    )


def _has_number(value: Value, current: Value) -> bool:
    if not isinstance(value, tuple) or not current:
        return False
    return any(isinstance(item, ListItem) and item.value == current for item in value)


def _wish(rule: FieldRule, value: Value, current: Value) -> Wish:
    target = rule.target
    if rule.mode is OverwriteMode.ONLY_FOR_NEW or (rule.mode is OverwriteMode.ONLY_IF_EMPTY and not is_blank(current)):
        return Wish(rule, Outcome.NOT_ASKED, current, current)
    if is_blank(value):
        if is_blank(current):
            return Wish(rule, Outcome.AGREES, current, current)
        if rule.when_blank is WhenBlank.KEEP or target.required or target.identity:
            return Wish(rule, Outcome.KEPT, current, current)
        return Wish(rule, Outcome.DIFFERS, current, None)
    answer = convert(value, rule.source, target, current)
    if isinstance(answer, NotConvertible):
        return Wish(rule, Outcome.NOT_CONVERTIBLE, current, current, (_not_convertible(target, answer),))
    if same(target.kind, answer.value, current):
        return Wish(rule, Outcome.AGREES, current, current)
    return Wish(rule, Outcome.DIFFERS, current, answer.value, answer.notes)


def _not_convertible(target: Field, answer: NotConvertible) -> Note:
    return Note(Reason.NOT_CONVERTIBLE, target.key, answer.detail)


def new_values(
    person: Person, address: str, rules: Sequence[FieldRule], fields: Mapping[str, Field], parts: Parts
) -> tuple[tuple[FieldChange, ...], tuple[Note, ...]]:
    """The values of a new target person, whom `address` will identify, and what was left out or made up.

    `fields` is the target's catalogue: its identity field always gets the address, mapped or not, and required text
    fields are never left blank.
    """
    changes: dict[str, FieldChange] = {}
    notes: list[Note] = []
    for rule in rules:
        target, value = rule.target, person.values.get(rule.source.key)
        if target.key in changes or is_blank(value):
            continue
        answer = convert(value, rule.source, target, None)
        if isinstance(answer, NotConvertible):
            notes.append(_not_convertible(target, answer))
            continue
        notes.extend(answer.notes)
        changes[target.key] = FieldChange(target.key, target.label, None, answer.value, rule.id)
    for field in fields.values():
        if field.identity:
            changes[field.key] = _identity(field, address, changes.get(field.key))
            notes = [note for note in notes if note.field != field.key]
        elif _is_missing(field, changes, parts):
            made = _first_name(person, address, whole=field.key in parts)
            changes[field.key] = FieldChange(field.key, field.label, None, made)
            notes.append(Note(Reason.FIRST_NAME_FALLBACK, field.key, made))
    return tuple(changes.values()), tuple(notes)


def _identity(field: Field, address: str, change: FieldChange | None) -> FieldChange:
    present = change.after if change is not None else None
    rule_id = change.rule_id if change is not None else None
    if address in map(normal_email, entries(present)):
        return FieldChange(field.key, field.label, None, present, rule_id)
    if field.kind is not FieldKind.EMAILS:
        return FieldChange(field.key, field.label, None, address, rule_id)
    others = [item for item in present if isinstance(item, ListItem)] if isinstance(present, tuple) else []
    items = (ListItem(address, "", primary=True), *(replace(item, primary=False) for item in others))
    return FieldChange(field.key, field.label, None, items, rule_id)


def _is_missing(field: Field, changes: Mapping[str, FieldChange], parts: Parts) -> bool:
    needed = field.required and field.writable and field.kind is FieldKind.TEXT
    return needed and not any(key in changes for key in (field.key, *parts.get(field.key, ())))


def _first_name(person: Person, address: str, *, whole: bool) -> str:
    words = person.name.split()
    if not words or "@" in person.name:
        return address.partition("@")[0]
    return " ".join(words) if whole else words[0]
