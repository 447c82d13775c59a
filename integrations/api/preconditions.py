"""Versions of what is written: ETag on answers, If-Match on writes, so that two editors do not overwrite each other."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response

VERSION = "version"


def with_version(document: dict[str, Any], **options: Any) -> Response:
    """An answer with the document's version as its ETag."""
    response = Response(document, **options)
    response["ETag"] = f'"{document[VERSION]}"'
    return response
