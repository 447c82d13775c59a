"""Logging in: who somebody is for the throttle, and passwords that nobody may use in production."""

from __future__ import annotations

from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

log = structlog.get_logger(__name__)

PUBLIC_PASSWORDS = ("demo",)
"""What `make demo` gives its user. Everybody who has read this knows it."""


def client_address(request: HttpRequest) -> str:
    """The address that a request came from.

    Behind a proxy it is the last one of X-Forwarded-For, which the proxy itself has added: those before it are what
    the client says.
    """
    own: str = request.META.get("REMOTE_ADDR", "")
    if not settings.BEHIND_PROXY:
        return own
    return request.META.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip() or own


class PublicPasswordsBackend:
    """Lets nobody in by the demo's password in production, whoever has set it. It knows no users of its own."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> None:
        """End the log-in, or leave it to the backends that follow."""
        if settings.IN_PRODUCTION and password in PUBLIC_PASSWORDS:
            log.warning("login.public_password", username=username)
            raise PermissionDenied
