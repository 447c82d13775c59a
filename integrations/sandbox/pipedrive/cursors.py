"""Opaque page markers. They look like Pipedrive's (base64 of JSON), and clients must not look inside."""

from __future__ import annotations

import base64
import json

from integrations.sandbox.core import Json
from integrations.sandbox.pipedrive.errors import invalid


def encode_cursor(data: Json) -> str:
    """A marker that holds the data."""
    return base64.urlsafe_b64encode(json.dumps(data, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> dict[str, Json]:
    """The data of a marker. Raises the schema refusal when it is not one of ours."""
    try:
        data = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise invalid("cursor is not valid") from error
    if not isinstance(data, dict):
        raise invalid("cursor is not valid")
    return data
