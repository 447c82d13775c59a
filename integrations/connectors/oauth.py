"""What a product must offer to be connected by signing in (OAuth 2, authorization code) beside its key."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from .ports import DEFAULT_TIMEOUT, Timeout

if TYPE_CHECKING:
    import requests

ACCESS_TOKEN = "access_token"  # noqa: S105 -- a name among an account's credentials
REFRESH_TOKEN = "refresh_token"  # noqa: S105 -- likewise
EXPIRES_AT = "expires_at"


@dataclass(frozen=True, slots=True)
class OAuthApp:
    """This installation as the product knows it. `url` is where people sign in, which `may_be_private` as the sandbox's
    is. The secret is never shown by repr."""

    client_id: str
    client_secret: str = field(repr=False)
    url: str
    may_be_private: bool = False


@dataclass(frozen=True, slots=True)
class OAuthTokens:
    """What a product gave. `api_url` is where the account is to be called, "" when it did not say."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: datetime
    api_url: str

    def as_credentials(self) -> dict[str, str]:
        """The form in which they are kept, which `Credentials.secrets` takes as it is."""
        return {
            ACCESS_TOKEN: self.access_token,
            REFRESH_TOKEN: self.refresh_token,
            EXPIRES_AT: self.expires_at.isoformat(),
        }


def is_by_oauth(credentials: Mapping[str, str]) -> bool:
    """Whether these credentials came of signing in, and can be renewed."""
    return bool(credentials.get(REFRESH_TOKEN))


def expiry(credentials: Mapping[str, str]) -> datetime:
    """When the access token ends; long ago when that is not known, so that it is renewed."""
    try:
        return datetime.fromisoformat(credentials.get(EXPIRES_AT, "")).astimezone(UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Uninstalled:
    """Whose installation of the app ended, in the terms of `Identity`."""

    company_id: str
    user_id: str


class OAuthClient(Protocol):
    """One app at one product. Secrets and tokens never show in errors, logs or repr.

    `exchange` and `refresh` raise AuthenticationFailed when the grant is not valid (any more), with the code
    "invalid_grant", and when the app itself is not accepted, with the code "invalid_client".
    """

    def authorize_url(self, *, redirect_uri: str, state: str) -> str:
        """Where to send somebody who is to sign in."""

    def exchange(self, *, code: str, redirect_uri: str) -> OAuthTokens:
        """The tokens for a code, which is good once and for minutes."""

    def refresh(self, refresh_token: str) -> OAuthTokens:
        """Fresh tokens. The refresh token that comes back replaces the old one, be it the same or not."""

    def revoke(self, token: str) -> None:
        """End a token; a refresh token ends the whole installation. An unknown token is no error."""

    def uninstalled(self, *, authorization: str, body: bytes) -> Uninstalled | None:
        """Read the product's notice that somebody removed the app; None when it is not proven to be the product's.

        `authorization` is the request's header. Raises UnexpectedResponse when the notice makes no sense.
        """


class OAuthOpener(Protocol):
    """Makes the client of an app. `transport` is used instead of a session of the client's own."""

    def __call__(
        self,
        app: OAuthApp,
        *,
        transport: requests.Session | None = None,
        timeout: Timeout = DEFAULT_TIMEOUT,
        clock: Callable[[], float] = time.time,
    ) -> OAuthClient:
        """A client with nothing called yet."""
