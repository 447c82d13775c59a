"""Signing in to Pipedrive, and the tokens that come of it.

Reference: https://pipedrive.readme.io/docs/marketplace-oauth-authorization,
https://pipedrive.readme.io/docs/app-uninstallation
"""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import msgspec
import requests

from integrations.connectors import exchange
from integrations.connectors.errors import (
    AuthenticationFailed,
    ConnectorError,
    RateLimited,
    Unavailable,
    UnexpectedResponse,
)
from integrations.connectors.exchange import NeverSent, RawAnswer
from integrations.connectors.http import retry_after
from integrations.connectors.oauth import OAuthApp, OAuthTokens, Uninstalled
from integrations.connectors.ports import DEFAULT_TIMEOUT, Timeout
from integrations.connectors.public_only import public_only
from integrations.connectors.redaction import Redactor

DEFAULT_LIFE = 3600.0
"""Seconds of an access token whose answer does not tell."""


class _Tokens(msgspec.Struct, frozen=True):
    access_token: str
    refresh_token: str
    expires_in: float = DEFAULT_LIFE
    api_domain: str = ""


class _Notice(msgspec.Struct, frozen=True):
    company_id: int | str
    user_id: int | str
    client_id: str = ""


def open_oauth(
    app: OAuthApp,
    *,
    transport: requests.Session | None = None,
    timeout: Timeout = DEFAULT_TIMEOUT,
    clock: Callable[[], float] = time.time,
) -> PipedriveOAuth:
    """The client of an app in Pipedrive's Developer Hub. See `oauth.OAuthOpener`."""
    return PipedriveOAuth(app, transport, timeout, clock)


class PipedriveOAuth:
    """Pipedrive's OAuth host. See `oauth.OAuthClient`."""

    def __init__(
        self, app: OAuthApp, transport: requests.Session | None, timeout: Timeout, clock: Callable[[], float]
    ) -> None:
        self._app = app
        self._transport = transport
        self._timeout = timeout
        self._clock = clock
        basic = base64.b64encode(f"{app.client_id}:{app.client_secret}".encode()).decode()
        self._authorization = f"Basic {basic}"

    def __repr__(self) -> str:
        return f"<PipedriveOAuth {self._app.url}>"

    def authorize_url(self, *, redirect_uri: str, state: str) -> str:
        """The consent page. Which rights are asked for is fixed in the app, so there is no scope."""
        query = {"client_id": self._app.client_id, "redirect_uri": redirect_uri, "state": state}
        return f"{self._app.url}/oauth/authorize?{urlencode(query)}"

    def exchange(self, *, code: str, redirect_uri: str) -> OAuthTokens:
        """The tokens for a code: within five minutes, once."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
        return self._tokens(form, secrets=(code,))

    def refresh(self, refresh_token: str) -> OAuthTokens:
        """A new access token; the refresh token's sixty days begin anew."""
        return self._tokens({"grant_type": "refresh_token", "refresh_token": refresh_token}, secrets=(refresh_token,))

    def revoke(self, token: str) -> None:
        """End a token (RFC 7009)."""
        answer = self._post("/oauth/revoke", {"token": token})
        if answer.status >= 300:
            raise self._error(answer, Redactor((token, *self._secrets())))

    def uninstalled(self, *, authorization: str, body: bytes) -> Uninstalled | None:
        """The notice that Pipedrive sends by DELETE to the call-back address, with the app's own credentials."""
        if not hmac.compare_digest(authorization.encode(), self._authorization.encode()):
            return None
        try:
            notice = msgspec.json.decode(body, type=_Notice)
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise UnexpectedResponse("Pipedrive's notice does not say whose installation ended.") from None
        if notice.client_id not in ("", self._app.client_id):
            return None
        return Uninstalled(str(notice.company_id), str(notice.user_id))

    def _tokens(self, form: Mapping[str, str], secrets: tuple[str, ...]) -> OAuthTokens:
        answer = self._post("/oauth/token", form)
        if not 200 <= answer.status < 300:
            raise self._error(answer, Redactor((*secrets, *self._secrets())))
        try:
            tokens = msgspec.json.decode(answer.body, type=_Tokens, strict=False)
        except (msgspec.DecodeError, UnicodeDecodeError):
            # Without its cause: that, and any sample of the answer, could quote a token.
            raise UnexpectedResponse("Pipedrive's answer holds no tokens.", status=answer.status) from None
        expires_at = datetime.fromtimestamp(self._clock(), UTC) + timedelta(seconds=tokens.expires_in)
        return OAuthTokens(tokens.access_token, tokens.refresh_token, expires_at, tokens.api_domain.rstrip("/"))

    def _post(self, path: str, form: Mapping[str, str]) -> RawAnswer:
        request = requests.Request(
            "POST",
            self._app.url + path,
            data=dict(form),
            headers={"Authorization": self._authorization, "Accept": "application/json"},
            # Keeps requests from putting a password of a .netrc file in place of the app's.
            auth=lambda prepared: prepared,
        )
        transport = self._transport or (
            requests.Session() if self._app.may_be_private else public_only(requests.Session())
        )
        try:
            raw = exchange.send(transport, request, self._timeout, time.monotonic)
        finally:
            if self._transport is None:
                transport.close()
        if isinstance(raw, RawAnswer):
            return raw
        reached = "could not be reached" if isinstance(raw, NeverSent) else "did not answer"
        raise Unavailable(f"Pipedrive's sign-in {reached}: {raw.what}.")

    def _error(self, answer: RawAnswer, redact: Redactor) -> ConnectorError:
        text = answer.body[:10_000].decode("utf-8", "replace")
        sample, status = redact.sample(text), answer.status
        if status == 429:
            wait = retry_after(answer.headers)
            return RateLimited("Pipedrive's sign-in takes no more calls for the moment.", retry_after=wait, status=429)
        if status >= 500:
            return Unavailable(f"Pipedrive's sign-in answered with an error of its own ({status}).", status=status)
        # Both the code and the sentence are documented, but not which member they are in.
        words = text.lower().replace("_", " ")
        if status in (400, 401) and "invalid grant" in words:
            return AuthenticationFailed(
                "Pipedrive does not accept this sign-in any more: it is too old, was used already, or was withdrawn in "
                "Pipedrive. Connect the account again.",
                status=status, code="invalid_grant", sample=sample,
            )  # fmt: skip
        if status in (400, 401) and "invalid client" in words:
            return AuthenticationFailed(
                "Pipedrive does not know this installation's client id, or its client secret is wrong. Whoever runs "
                "the installation must check both.",
                status=status, code="invalid_client", sample=sample,
            )  # fmt: skip
        return UnexpectedResponse(
            f"Pipedrive's sign-in answered with {status}, which is not documented.", status=status, sample=sample
        )

    def _secrets(self) -> tuple[str, ...]:
        return (self._app.client_secret, self._authorization)
