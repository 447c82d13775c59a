"""Every error as a problem document (RFC 9457): what is wrong, where, and what to do."""

from __future__ import annotations

import math
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.core.signals import got_request_exception
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from .errors import Invalid, Located, Problem, TooLarge, at

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:syncadmin:problem:"


_KNOWN: dict[type[exceptions.APIException], tuple[str, str]] = {
    exceptions.ValidationError: ("invalid-input", "The input makes no sense"),
    exceptions.ParseError: ("malformed", "The body cannot be read"),
    exceptions.NotAuthenticated: ("not-authenticated", "Say who you are"),
    exceptions.AuthenticationFailed: ("not-authenticated", "Say who you are"),
    exceptions.PermissionDenied: ("not-permitted", "You may not do this"),
    exceptions.NotFound: ("not-found", "There is no such thing"),
    exceptions.MethodNotAllowed: ("method-not-allowed", "This address does not take that method"),
    exceptions.NotAcceptable: ("not-acceptable", "Only JSON is answered"),
    exceptions.UnsupportedMediaType: ("unsupported-media-type", "Only JSON is read"),
    exceptions.Throttled: ("throttled", "Too many calls"),
}


def problem_response(error: Exception, context: dict[str, Any]) -> Response:
    """DRF's exception handler."""
    set_rollback()
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    elif isinstance(error, RequestDataTooBig):
        error = TooLarge(f"The body may have {settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0:,} bytes at the most.")
    if not isinstance(error, exceptions.APIException):
        return _unexpected(error, context)
    response = Response(_document(error), status=error.status_code, content_type=MEDIA_TYPE)
    if getattr(error, "auth_header", None):
        response["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    wait = getattr(error, "wait", None)
    if wait is not None:
        response["Retry-After"] = str(math.ceil(wait) or 1)
    return response


def _document(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, Problem):
        return _members(error.slug, error.title, error.status_code, str(error.detail)) | error.members
    kind = next((known for known in type(error).__mro__ if known in _KNOWN), None)
    slug, title = _KNOWN[kind] if kind is not None else ("refused", HTTPStatus(error.status_code).phrase)
    if not isinstance(error, exceptions.ValidationError):
        return _members(slug, title, error.status_code, str(error.detail))
    errors = error.errors if isinstance(error, Invalid) else list(_located(error.detail, ""))
    some = "1 thing is" if len(errors) == 1 else f"{len(errors)} things are"
    return _members(slug, title, error.status_code, f"{some} wrong; nothing was changed.") | {"errors": errors}


def _members(slug: str, title: str, code: int, detail: str) -> dict[str, Any]:
    return {"type": TYPE_PREFIX + slug, "title": title, "status": code, "detail": detail}


def _located(detail: Any, pointer: str) -> Iterator[Located]:
    """A serializer's errors, flat."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            is_whole = name == "non_field_errors"
            yield from _located(inner, pointer if is_whole else f"{pointer}/{name}")
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            yield from _located(inner, f"{pointer}/{number}" if isinstance(inner, dict | list) else pointer)
    else:
        yield at(pointer, str(detail))


def _unexpected(error: Exception, context: dict[str, Any]) -> Response:
    """A mistake of ours: said without its particulars, which go to the log."""
    request = context["request"]
    log.error("api.failed", path=request.path, method=request.method, exc_info=error)
    got_request_exception.send(sender=type(context["view"]), request=request._request)
    detail = "Something went wrong on our side. It has been logged; whoever runs SyncAdmin can look it up."
    document = _members("internal-error", "Internal error", status.HTTP_500_INTERNAL_SERVER_ERROR, detail)
    return Response(document, status=document["status"], content_type=MEDIA_TYPE)
