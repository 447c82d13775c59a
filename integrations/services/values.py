"""Values of people as people read them."""

from __future__ import annotations

from integrations.domain.person import JsonValue

EMPTY = "(empty)"


def value_in_words(value: JsonValue) -> str:
    """A stored value in words: lists with commas, the primary one first."""
    if value is None or value in ("", []):
        return EMPTY
    if isinstance(value, list):
        return ", ".join(str(item["value"]) if isinstance(item, dict) else item for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
