"""Pages by cursor: a page of a huge table costs the same as any, and rows that come meanwhile shift nothing."""

from __future__ import annotations

from typing import Any

from rest_framework.exceptions import NotFound
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request

from .errors import Invalid, in_parameter

LONGEST_NUMBER = 19
"""Digits of the greatest row number that databases know."""


class NewestFirst(CursorPagination):
    """Rows by their number, the newest first."""

    ordering = "-pk"
    page_size = 50
    max_page_size = 200
    page_size_query_param = "limit"
    page_size_query_description = "Rows of a page, 200 at the most."
    cursor_query_description = "Where the page begins: taken from `next` or `previous` of another page."

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The cursor. Raises Invalid for one that we have not made."""
        wrong = Invalid(in_parameter("cursor", "This is no cursor of ours. Take it from “next” or “previous”."))
        try:
            cursor = super().decode_cursor(request)
        except NotFound:
            raise wrong from None
        if cursor is not None and not _is_row_number(cursor.position):
            raise wrong
        return cursor

    def get_page_size(self, request: Request) -> int | None:
        """`limit`. Raises Invalid where it is no number of rows."""
        text = request.query_params.get("limit")
        if text is not None and not (text.isascii() and text.isdecimal() and 1 <= int(text[:9]) <= self.max_page_size):
            raise Invalid(in_parameter("limit", f"Give a whole number from 1 to {self.max_page_size}."))
        return super().get_page_size(request)

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        """For the document: both links are always there."""
        described = super().get_paginated_response_schema(schema)
        return {**described, "required": ["next", "previous", "results"]}


def _is_row_number(position: object) -> bool:
    text = str(position or 0)
    return text.isascii() and text.isdecimal() and len(text) < LONGEST_NUMBER


class OldestFirst(NewestFirst):
    """Rows by their number, the oldest first."""

    ordering = "pk"
