"""Turning a source field's value into one that a target field can hold."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from .catalogue import Field, Option
from .decisions import Note
from .enums import FieldKind
from .normalise import date_of, entries, is_blank, is_usable_email, normal_email, normal_phone, normal_text, number_of
from .normalise import text_of as plain_text
from .person import ListItem, Value
from .reasons import Reason

_K = FieldKind
_SCALARS = frozenset({_K.TEXT, _K.NUMBER, _K.DATE, _K.EMAIL, _K.EMAILS, _K.PHONE, _K.PHONES, _K.OPTION, _K.OPTIONS})
_ACCEPTED: dict[FieldKind, frozenset[FieldKind]] = {
    _K.TEXT: _SCALARS,
    _K.NUMBER: frozenset({_K.TEXT, _K.NUMBER, _K.OPTION}),
    _K.DATE: frozenset({_K.TEXT, _K.DATE}),
    _K.EMAIL: frozenset({_K.TEXT, _K.EMAIL, _K.EMAILS}),
    _K.EMAILS: frozenset({_K.TEXT, _K.EMAIL, _K.EMAILS}),
    _K.PHONE: frozenset({_K.TEXT, _K.NUMBER, _K.PHONE, _K.PHONES}),
    _K.PHONES: frozenset({_K.TEXT, _K.NUMBER, _K.PHONE, _K.PHONES}),
    _K.OPTION: frozenset({_K.TEXT, _K.NUMBER, _K.OPTION, _K.OPTIONS}),
    _K.OPTIONS: frozenset({_K.TEXT, _K.NUMBER, _K.OPTION, _K.OPTIONS}),
    _K.OTHER: frozenset(),
}
_LISTS = frozenset({_K.EMAILS, _K.PHONES})
_CHOICES = frozenset({_K.OPTION, _K.OPTIONS})
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d{1,2}")
_WRITTEN_DATE = re.compile(
    r"(?P<y>\d{4})/(?P<m>\d{1,2})/(?P<d>\d{1,2})|(?P<d2>\d{1,2})\.(?P<m2>\d{1,2})\.(?P<y2>\d{4})", re.ASCII
)
_LABELS_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Converted:
    """The value for the target, None when blank. `notes` say what was lost on the way."""

    value: Value
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class NotConvertible:
    """The value has no counterpart in the target. `detail` is for people."""

    detail: str


def can_convert(source: Field, target: Field) -> str | None:
    """Why this mapping cannot work, as a sentence for its form; None when it can."""
    if not target.writable:
        return f"{target.label} cannot be written."
    for field in (source, target):
        if field.kind is FieldKind.OTHER:
            return f"{field.label} has a kind of value that cannot be mapped."
    if source.kind not in _ACCEPTED[target.kind]:
        return f"{source.label} ({source.kind.value}) cannot become {target.label} ({target.kind.value})."
    if target.kind in _CHOICES and not target.options:
        return f"{target.label} has no options to choose from."
    return None


def convert(value: Value, source: Field, target: Field, current: Value) -> Converted | NotConvertible:
    """The value that the target should hold, given what it holds now.

    Lists to one entry: the present entry when the list has it, else the first that can be used. One entry to a list: it
    becomes the primary one and everything else in the list is kept; a list that has it already stays as it is.
    """
    if is_blank(value):
        return Converted(None)
    if source.kind not in _ACCEPTED[target.kind]:
        return NotConvertible(f"{source.label} cannot become {target.label}")
    return _CONVERTERS[target.kind](value, source, target, current)


def _to_text(value: Value, source: Field, target: Field, current: Value) -> Converted | NotConvertible:
    if source.kind in _CHOICES:
        labels = _labels(value, source)
        return labels if isinstance(labels, NotConvertible) else _fitting(", ".join(labels), target)
    text = next(_items(value)).value if source.kind in _LISTS else plain_text(value)
    return _fitting(text, target)


def _fitting(given: str, target: Field) -> Converted:
    text = given.strip()
    if not target.max_length or len(text) <= target.max_length:
        return Converted(text)
    detail = f"From {len(text)} to {target.max_length} characters"
    return Converted(text[: target.max_length].rstrip(), (Note(Reason.SHORTENED, target.key, detail),))


def _to_number(value: Value, source: Field, target: Field, current: Value) -> Converted | NotConvertible:
    text = plain_text(value)
    if source.kind is FieldKind.OPTION:
        labels = _labels(value, source)
        if isinstance(labels, NotConvertible):
            return labels
        text = ", ".join(labels)
    compact = re.sub(r"\s", "", text)
    if _THOUSANDS.fullmatch(compact):
        compact = compact.replace(",", "")
    elif _DECIMAL_COMMA.fullmatch(compact):
        compact = compact.replace(",", ".")
    number = number_of(compact)
    if number is None:
        return NotConvertible(f"“{_short(text)}” is not a number")
    return Converted(int(number) if number.is_integer() else number)


def _to_date(value: Value, source: Field, target: Field, current: Value) -> Converted | NotConvertible:
    day = date_of(value) or _written_date(plain_text(value).strip())
    return NotConvertible(f"“{_short(plain_text(value))}” is not a date") if day is None else Converted(day.isoformat())


def _written_date(text: str) -> date | None:
    parts = _WRITTEN_DATE.fullmatch(text)
    if parts is None:
        return None
    year, month, day = (int(parts[name] or parts[name + "2"]) for name in "ymd")
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _addresses(value: Value, source: Field) -> Iterator[ListItem]:
    for item in _items(value):
        texts = re.split(r"[,;\s]+", item.value) if source.kind is FieldKind.TEXT else [item.value]
        for text in texts:
            if is_usable_email(text):
                yield ListItem(text.strip(), item.label, item.primary)


def _numbers(value: Value, source: Field) -> Iterator[ListItem]:
    return (item for item in _items(value) if any(map(str.isdigit, item.value)))


def _items(value: Value) -> Iterator[ListItem]:
    """The entries of a list of any shape, primary first, trimmed, without blanks."""
    for item in _primary_first(value) if isinstance(value, tuple) else (plain_text(value),):
        entry = item if isinstance(item, ListItem) else ListItem(item)
        if entry.value.strip():
            yield ListItem(entry.value.strip(), entry.label, entry.primary)


def _primary_first(value: Value) -> tuple[ListItem | str, ...]:
    items = value if isinstance(value, tuple) else (plain_text(value),)
    return tuple(sorted(items, key=lambda item: not (isinstance(item, ListItem) and item.primary)))


_Usable = Callable[[Value, Field], Iterator[ListItem]]


def _to_one(usable: _Usable, each: Callable[[str], str], what: str) -> _Converter:
    def to_one(value: Value, source: Field, target: Field, current: Value) -> Converted | NotConvertible:
        items = list(usable(value, source))
        if not items:
            return NotConvertible(f"“{_short(plain_text(value))}” is not {what}")
        if not is_blank(current) and each(plain_text(current)) in {each(item.value) for item in items}:
            return Converted(current)
        fits = [item.value for item in items if not target.max_length or len(item.value) <= target.max_length]
        if not fits:
            return NotConvertible(f"“{_short(items[0].value)}” is longer than {target.max_length} characters")
        return Converted(fits[0])

    return to_one


def _to_list(usable: _Usable, each: Callable[[str], str], what: str) -> _Converter:
    def to_list(value: Value, source: Field, target: Field, current: Value) -> Converted | NotConvertible:
        items = _by_form(usable(value, source), each)
        if not items:
            return NotConvertible(f"“{_short(plain_text(value))}” is not {what}")
        present = _by_form(_items(current), each)
        is_list = source.kind in _LISTS
        if items.keys() <= present.keys() and (not is_list or next(iter(present)) == next(iter(items))):
            return Converted(current)
        # The target's own spelling and label of an entry are kept: they are what its people chose.
        merged = [present.get(form, item) for form, item in items.items()]
        merged += [item for form, item in present.items() if form not in items]
        return Converted(tuple(ListItem(item.value, item.label, index == 0) for index, item in enumerate(merged)))

    return to_list


def _by_form(items: Iterable[ListItem], each: Callable[[str], str]) -> dict[str, ListItem]:
    """The entries by normal form, in order; of two that mean the same the first."""
    found: dict[str, ListItem] = {}
    for item in items:
        found.setdefault(each(item.value), item)
    return found


def _labels(value: Value, source: Field) -> list[str] | NotConvertible:
    known = {option.id: option.label for option in source.options}
    ids = [entry.strip() for entry in entries(value)]
    gone = [entry for entry in ids if entry not in known]
    if gone:
        return NotConvertible(f"“{_short(gone[0])}” is no longer an option of {source.label}")
    unnamed = [entry for entry in ids if is_blank(known[entry])]
    if unnamed:
        return NotConvertible(f"“{_short(unnamed[0])}” is an option of {source.label} without a name")
    return [known[entry] for entry in ids]


def _to_options(value: Value, source: Field, target: Field, current: Value) -> Converted | NotConvertible:
    chosen = _chosen(value, source, target)
    if isinstance(chosen, NotConvertible):
        return chosen
    return Converted(tuple(dict.fromkeys(option.id for option in chosen)))


def _to_option(value: Value, source: Field, target: Field, current: Value) -> Converted | NotConvertible:
    chosen = _chosen(value, source, target)
    if isinstance(chosen, NotConvertible):
        return chosen
    ids = list(dict.fromkeys(option.id for option in chosen))
    return Converted(ids[0]) if len(ids) == 1 else NotConvertible(f"{target.label} takes one option, not {len(ids)}")


def _chosen(value: Value, source: Field, target: Field) -> list[Option] | NotConvertible:
    if source.kind in _CHOICES:
        labels = _labels(value, source)
        if isinstance(labels, NotConvertible):
            return labels
    else:
        labels = [plain_text(value)]
    known = {_fold(option.label): option for option in reversed(target.options)}
    if target.kind is FieldKind.OPTIONS and source.kind is FieldKind.TEXT and _fold(labels[0]) not in known:
        labels = [part for part in re.split(r"[,;]", labels[0]) if part.strip()] or labels
    unknown = [label for label in labels if _fold(label) not in known]
    if unknown:
        return NotConvertible(f"“{_short(unknown[0])}” is not an option of {target.label}; it takes {_offer(target)}")
    return [known[_fold(label)] for label in labels]


def _offer(target: Field) -> str:
    labels = [option.label for option in target.options[:_LABELS_SHOWN]]
    more = len(target.options) - len(labels)
    return (", ".join(labels) or "none") + (f" and {more} more" if more else "")


def _fold(text: str) -> str:
    return normal_text(text).casefold()


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:59] + "…"


_Converter = Callable[[Value, Field, Field, Value], Converted | NotConvertible]

_CONVERTERS: dict[FieldKind, _Converter] = {
    _K.TEXT: _to_text,
    _K.NUMBER: _to_number,
    _K.DATE: _to_date,
    _K.EMAIL: _to_one(_addresses, normal_email, "an e-mail address"),
    _K.EMAILS: _to_list(_addresses, normal_email, "an e-mail address"),
    _K.PHONE: _to_one(_numbers, normal_phone, "a phone number"),
    _K.PHONES: _to_list(_numbers, normal_phone, "a phone number"),
    _K.OPTION: _to_option,
    _K.OPTIONS: _to_options,
}
