"""Reads JSON bodies as strictly as Reply's binder does, gathering every fault before it refuses.

A reader notes (pointer, detail) for each member that has the wrong shape; `check` raises them together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeGuard

from integrations.sandbox.core import Json, Request
from integrations.sandbox.replyio.errors import ProblemError, invalid

MOST_ID = 2_147_483_647


def is_id(value: Json) -> TypeGuard[int]:
    """Whether a value is a positive 32-bit integer."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_ID


def json_body(request: Request) -> Json:
    """The request's JSON.

    Raises ProblemError: 415 for another media type, a validation 400 for a missing or broken body.
    """
    if request.body and "json" not in request.headers.get("content-type", ""):
        raise ProblemError(415, "The request's media type is not supported.")
    if not request.body:
        raise invalid([("", "A non-empty request body is required.")])
    try:
        return json.loads(request.body)
    except ValueError as error:
        raise invalid([("", "The request body is not valid JSON.")]) from error


class Body:
    """A JSON object under inspection; `at` is the pointer of its place in the whole body."""

    def __init__(self, members: Mapping[str, Json], at: str = "", faults: list[tuple[str, str]] | None = None) -> None:
        self.members = members
        self.at = at
        self.faults: list[tuple[str, str]] = [] if faults is None else faults

    @classmethod
    def of(cls, request: Request) -> Body:
        """The request's body, which must be an object."""
        data = json_body(request)
        if not isinstance(data, dict):
            raise invalid([("", "The request body must be a JSON object.")])
        return cls(data)

    def fault(self, name: str, detail: str) -> None:
        """Note that a member is wrong."""
        self.faults.append((f"{self.at}/{name}", detail))

    def check(self) -> None:
        """Raise ProblemError when anything was noted."""
        if self.faults:
            raise invalid(self.faults)

    def __contains__(self, name: str) -> bool:
        return name in self.members

    def text(self, name: str, *, required: bool = False, most: int = 0) -> str | None:
        """A string member; None when it is absent or null."""
        value = self.members.get(name)
        if value is not None and not isinstance(value, str):
            self.fault(name, f"'{name}' must be a string.")
            return None
        if required and not (value and value.strip()):
            self.fault(name, f"'{name}' must not be empty.")
        if value is not None and most and len(value) > most:
            self.fault(name, f"'{name}' must be at most {most} characters.")
        return value

    def choice(self, name: str, allowed: Sequence[str], *, required: bool = False) -> str | None:
        """A string member out of a fixed set."""
        value = self.text(name, required=required)
        if value and value not in allowed:
            self.fault(name, f"Invalid {name} value '{value}'. Allowed: {', '.join(allowed)}.")
        return value

    def flag(self, name: str, *, required: bool = False) -> bool | None:
        """A true or false member; None when it is absent or null."""
        value = self.members.get(name)
        if value is None:
            if required:
                self.fault(name, f"'{name}' is required.")
            return None
        if not isinstance(value, bool):
            self.fault(name, f"'{name}' must be true or false.")
            return None
        return value

    def identifier(self, name: str, *, required: bool = False) -> int | None:
        """A member that is a positive 32-bit integer; None when it is absent or null."""
        value = self.members.get(name)
        if value is None and not required:
            return None
        if not is_id(value):
            self.fault(name, f"'{name}' must be greater than 0.")
            return None
        return int(value)

    def identifiers(self, name: str, *, required: bool = True, most: int = 0, unique: bool = False) -> list[int]:
        """A list of ids, not empty when it is required."""
        value = self.members.get(name)
        if value is None and not required:
            return []
        if not isinstance(value, list) or (required and not value):
            self.fault(name, f"'{name}' must not be empty.")
            return []
        if not all(is_id(each) for each in value):
            self.fault(name, f"'{name}' must contain positive integers.")
            return []
        if most and len(value) > most:
            self.fault(name, f"'{name}' must not exceed {most} items.")
        if unique and len(set(value)) != len(value):
            self.fault(name, f"'{name}' must not contain duplicates.")
        return [int(each) for each in value]

    def instant(self, name: str) -> str | None:
        """An ISO-8601 date-time, as it was sent; None when it is absent or null."""
        value = self.text(name)
        if value is not None:
            try:
                datetime.fromisoformat(value)
            except ValueError:
                self.fault(name, f"'{name}' is not a valid date-time.")
        return value

    def object(self, name: str) -> Body:
        """A nested object that shares this one's notes; empty when it is absent or null."""
        value = self.members.get(name)
        if value is not None and not isinstance(value, dict):
            self.fault(name, f"'{name}' must be an object.")
            value = None
        return Body(value or {}, f"{self.at}/{name}", self.faults)

    def objects(self, name: str, *, required: bool = False) -> list[Body]:
        """A list of nested objects that share this one's notes."""
        value = self.members.get(name)
        if value is None and not required:
            return []
        if not isinstance(value, list) or (required and not value):
            self.fault(name, f"'{name}' must not be empty.")
            return []
        found = []
        for number, each in enumerate(value):
            if isinstance(each, dict):
                found.append(Body(each, f"{self.at}/{name}/{number}", self.faults))
            else:
                self.fault(f"{name}/{number}", "An object is expected.")
        return found
