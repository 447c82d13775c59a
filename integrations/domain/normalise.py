"""When two values count as the same, and the short fingerprint by which a link remembers a value.

The normal form of a value drops what people and products change without meaning it: case of e-mails, white space,
punctuation of phone numbers, the order of lists except which entry is primary, labels of list entries.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from hashlib import blake2b
from typing import TypeAlias

from .enums import FieldKind
from .person import ListItem, Value

Normal: TypeAlias = str | float | frozenset[str] | tuple[str, frozenset[str]] | None
"""The normal form: hashable, compared with ==. Blank is None. Lists of entries are (primary, all)."""

OWNER_KIND = FieldKind.OPTION
"""The kind by which owners are compared and fingerprinted: by id."""

_ATOM = r"[a-z0-9!#$%&'*+/=?^_`{|}~\-]+"
_LABEL = r"[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*@(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9\-]{{1,59}})", re.IGNORECASE)
_EXTENSION = re.compile(r"\s*(?:;?\s*ext(?:ension|n)?\s*[.:=]?|;|#|x)\s*(\d{1,7})\s*$", re.IGNORECASE)
_TRUNK_ZERO = re.compile(r"\(0\)")
_PHONE_NOISE = re.compile(r"[\s().\-/\u2010-\u2015\u00a0]+")
_DIGITS = re.compile(r"\+?\d+")


def text_of(value: Value) -> str:
    """The value as one line of text; whole numbers without a decimal point, lists joined by commas, blank as ""."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, tuple):
        return ", ".join(item.value if isinstance(item, ListItem) else item for item in value)
    # A whole number may be too large for a float, and is asked nothing that would make it one.
    if isinstance(value, int):
        return str(value)
    return str(int(value)) if value.is_integer() else str(value)


def is_blank(value: Value) -> bool:
    """Whether there is nothing to see in the value."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value or value.isspace()
    return isinstance(value, tuple) and not any(entries(value))


def entries(value: Value) -> tuple[str, ...]:
    """The non-blank texts of a list, or the one text of a single value, in order."""
    if isinstance(value, tuple):
        texts = (item.value if isinstance(item, ListItem) else item for item in value)
        return tuple(text for text in texts if text and not text.isspace())
    text = text_of(value)
    return (text,) if text and not text.isspace() else ()


def normal_text(text: str) -> str:
    """Composed characters, and every run of white space as one space."""
    return " ".join((text if text.isascii() else unicodedata.normalize("NFC", text)).split())


def normal_email(address: str) -> str:
    """The form in which addresses are matched: trimmed and in lower case."""
    return address.strip().lower()


def is_usable_email(address: str) -> bool:
    """Whether both products will take the address: a dot-atom before one @, and a host name with a dot after it.

    Stricter than RFC 5321 (no quoted local parts, no address literals), since one odd row can fail a whole import.
    Surrounding white space is forgiven. Lengths in octets by RFC 5321: 64 before the @, 254 in all.
    """
    trimmed = address.strip()
    return len(trimmed) <= 254 and trimmed.find("@") <= 64 and _EMAIL.fullmatch(trimmed) is not None


def normal_phone(number: str) -> str:
    """Digits with `+` when international (a leading 00 counts), then `x` and the extension; other text in lower case.

    A national number stays national: nothing is guessed about the country.
    """
    text = number if number.isascii() else unicodedata.normalize("NFKC", number)
    extension = _EXTENSION.search(text)
    body = text[: extension.start()] if extension else text
    digits = _PHONE_NOISE.sub("", body)
    if digits.startswith(("+", "00")):
        digits = _PHONE_NOISE.sub("", _TRUNK_ZERO.sub("", body))
        digits = "+" + digits[2:] if digits.startswith("00") else digits
    if not _DIGITS.fullmatch(digits):
        return normal_text(text).casefold()
    return f"{digits}x{extension.group(1)}" if extension else digits


def number_of(value: Value) -> float | None:
    """The finite number that the value is or spells, else None."""
    if isinstance(value, tuple) or value is None:
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number + 0.0 if math.isfinite(number) else None


def date_of(value: Value) -> date | None:
    """The day that an ISO date or time begins with, else None."""
    if not isinstance(value, str):
        return None
    try:
        return date.fromisoformat(value.strip()[:10])
    except ValueError:
        return None


def _text(value: Value) -> Normal:
    if isinstance(value, str):
        return normal_text(value) or None
    return normal_text(text_of(value)) or None


def _number(value: Value) -> Normal:
    number = number_of(value)
    return _text(value) if number is None else number


def _date(value: Value) -> Normal:
    day = date_of(value)
    return _text(value) if day is None else day.isoformat()


def _email(value: Value) -> Normal:
    return normal_email(text_of(value)) or None


def _phone(value: Value) -> Normal:
    return normal_phone(text_of(value)) or None


def _list(each: Callable[[str], str]) -> Callable[[Value], Normal]:
    def normal_list(value: Value) -> Normal:
        texts = entries(value)
        if not texts:
            return None
        if len(texts) == 1:
            only = each(texts[0])
            return only, frozenset((only,))
        items = value if isinstance(value, tuple) else ()
        marked = (item.value for item in items if isinstance(item, ListItem) and item.primary)
        first = next(filter(str.strip, marked), texts[0])
        return each(first), frozenset(map(each, texts))

    return normal_list


def _options(value: Value) -> Normal:
    return frozenset(text.strip() for text in entries(value)) or None


_NORMAL: dict[FieldKind, Callable[[Value], Normal]] = {
    FieldKind.TEXT: _text,
    FieldKind.NUMBER: _number,
    FieldKind.DATE: _date,
    FieldKind.EMAIL: _email,
    FieldKind.EMAILS: _list(normal_email),
    FieldKind.PHONE: _phone,
    FieldKind.PHONES: _list(normal_phone),
    FieldKind.OPTION: _text,
    FieldKind.OPTIONS: _options,
    FieldKind.OTHER: _text,
}


def normal(kind: FieldKind, value: Value) -> Normal:
    """The normal form of a value of this kind. A value of the wrong shape is compared as text, never refused."""
    return None if value is None else _NORMAL[kind](value)


def same(kind: FieldKind, a: Value, b: Value) -> bool:
    """Whether two values of a kind mean the same."""
    return a == b or normal(kind, a) == normal(kind, b)


def fingerprint(kind: FieldKind, value: Value) -> str:
    """12 hexadecimal characters of the normal form; "" for blank. Equal for the values that `same` calls the same."""
    return "" if value is None else _fingerprint(kind, value)


# Owners, companies, titles and options repeat over people; remembering them halves the cost of a plan.
@lru_cache(maxsize=32_768, typed=True)
def _fingerprint(kind: FieldKind, value: Value) -> str:
    form = _NORMAL[kind](value)
    if form is None:
        return ""
    if isinstance(form, tuple):
        text = "\x1e".join((form[0], *sorted(form[1])))
    elif isinstance(form, frozenset):
        text = "\x1f".join(sorted(form))
    else:
        text = str(form)
    return blake2b(text.encode(errors="surrogatepass"), digest_size=6).hexdigest()
