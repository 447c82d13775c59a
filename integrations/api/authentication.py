"""Signing in with a token: Authorization: Bearer sa_…"""

from __future__ import annotations

from django.contrib.auth.models import User
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from integrations.models import ApiToken
from integrations.services.api_tokens import find_token


class BearerAuthentication(BaseAuthentication):
    """The person whom the token acts as. Requests without such a header are left to the session."""

    scheme = "Bearer"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The user and the token. Raises AuthenticationFailed."""
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != self.scheme.lower().encode():
            return None
        if len(words) != 2:
            raise AuthenticationFailed("The header reads: Authorization: Bearer, a blank, and the token.")
        token = find_token(words[1].decode("latin-1"))
        if token is None:
            raise AuthenticationFailed("This token is not known, has expired, or its user may not sign in any more.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """For 401 answers."""
        return 'Bearer realm="SyncAdmin"'
