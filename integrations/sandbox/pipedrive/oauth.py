"""The OAuth host: consent page, tokens, revocation (docs: marketplace-oauth-authorization, app-uninstallation)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from datetime import timedelta
from html import escape
from urllib.parse import parse_qsl, urlencode

from integrations.sandbox.core import Request, Response
from integrations.sandbox.pipedrive.desk import Desk
from integrations.sandbox.pipedrive.records import App, Grant, Installation, Token

CODE_LASTS = timedelta(minutes=5)
ACCESS_LASTS = timedelta(minutes=60)
REFRESH_LASTS = timedelta(days=60)

Form = Mapping[str, str]


class OAuthError(Exception):
    """A refused call to the token address."""

    def __init__(self, error: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.error = error
        self.status = status

    def response(self) -> Response:
        """The refusal as an answer."""
        body = {"success": False, "error": self.error, "message": str(self)}
        return Response.of_json(body, self.status)


def answer_oauth(request: Request, desk: Desk, api_domain: str) -> Response | None:
    """Answer a call below `/oauth`; None when there is nothing at this path. `api_domain` goes into token answers."""
    handler = ROUTES.get((request.method, request.path))
    if handler is None:
        return None
    try:
        return handler(request, desk, api_domain)
    except OAuthError as error:
        return error.response()


def _form(request: Request) -> Form:
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _consent_page(request: Request, desk: Desk, api_domain: str) -> Response:
    app = desk.state.apps.get(request.first("client_id") or "")
    redirect_uri, state = request.first("redirect_uri"), request.first("state") or ""
    if app is None or not redirect_uri:
        return _html("<h1>Unknown app or missing redirect_uri</h1>", 400)
    users = "".join(
        f'<option value="{user.id}">{escape(user.name)}</option>' for user in desk.state.users.values() if user.active
    )
    hidden = {"client_id": app.client_id, "redirect_uri": redirect_uri, "state": state}
    inputs = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in hidden.items())
    return _html(
        f"<h1>{escape(app.name)} wants access to {escape(desk.state.company_name)}</h1>"
        f"<p>It asks for: {escape(', '.join(sorted(app.scopes)))}.</p>"
        f'<form method="post">{inputs}<label>Signed in as <select name="user_id">{users}</select></label> '
        '<button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button></form>'
    )


def _decide(request: Request, desk: Desk, api_domain: str) -> Response:
    form = _form(request)
    app, redirect_uri = desk.state.apps.get(form.get("client_id", "")), form.get("redirect_uri", "")
    user_id = int(form["user_id"]) if form.get("user_id", "").isdigit() else min(desk.state.users)
    if app is None or not redirect_uri or user_id not in desk.state.users:
        return _html("<h1>Unknown app or user, or missing redirect_uri</h1>", 400)
    answer = {"error": "user_denied"}
    if form.get("decision") == "allow":
        code = desk.state.next_secret("code")
        desk.state.grants[code] = Grant(app, user_id, redirect_uri, desk.now + CODE_LASTS)
        answer = {"code": code}
    if form.get("state"):
        answer["state"] = form["state"]
    joint = "&" if "?" in redirect_uri else "?"
    return Response(302, {"Location": redirect_uri + joint + urlencode(answer)}, b"")


def _token(request: Request, desk: Desk, api_domain: str) -> Response:
    form = _form(request)
    app = _client(request, form, desk)
    kind = form.get("grant_type")
    if not kind:
        raise OAuthError("invalid_request", "Missing parameter: grant_type")
    exchange = GRANT_TYPES.get(kind)
    if exchange is None:
        raise OAuthError("unsupported_grant_type", "Unsupported grant type: grant_type is invalid")
    refresh_token = exchange(form, app, desk)
    installation = desk.state.installations[refresh_token]
    installation.expires = desk.now + REFRESH_LASTS
    access = Token(
        desk.state.next_secret("access"), installation.user_id, app, desk.now + ACCESS_LASTS, refresh_token
    )  # fmt: skip
    desk.state.tokens[access.value] = access
    return Response.of_json({
        "access_token": access.value,
        "token_type": "Bearer",
        "refresh_token": refresh_token,
        "scope": ",".join(["base", *sorted(app.scopes - {"base"})]),
        "expires_in": int(ACCESS_LASTS.total_seconds()) - 1,
        "api_domain": api_domain,
    })  # fmt: skip


def _client(request: Request, form: Form, desk: Desk) -> App:
    """Credentials by HTTP Basic, or in the body, which is accepted and discouraged."""
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise OAuthError("invalid_client", "Invalid client: malformed authorization header") from error
    app = desk.state.apps.get(client_id)
    if app is None or app.client_secret != secret:
        raise OAuthError("invalid_client", "Invalid client: client is invalid")
    return app


def _by_code(form: Form, app: App, desk: Desk) -> str:
    grant = desk.state.grants.pop(form.get("code", ""), None)
    if grant is None or grant.app != app or grant.expires <= desk.now:
        raise OAuthError("invalid_grant", "Invalid grant: authorization code is invalid")
    if grant.redirect_uri != form.get("redirect_uri"):
        raise OAuthError("invalid_grant", "Invalid grant: redirect_uri is not the one of the authorization")
    refresh_token = desk.state.next_secret("refresh")
    desk.state.installations[refresh_token] = Installation(app, grant.user_id, desk.now + REFRESH_LASTS)
    return refresh_token


def _by_refresh(form: Form, app: App, desk: Desk) -> str:
    """The same refresh token comes back, with its 60 days begun anew."""
    refresh_token = form.get("refresh_token", "")
    installation = desk.state.installations.get(refresh_token)
    if installation is None or installation.app != app or installation.expires <= desk.now:
        raise OAuthError("invalid_grant", "Invalid grant: refresh token is invalid")
    return refresh_token


GRANT_TYPES: Mapping[str, Callable[[Form, App, Desk], str]] = {
    "authorization_code": _by_code,
    "refresh_token": _by_refresh,
}


def _revoke(request: Request, desk: Desk, api_domain: str) -> Response:
    """A refresh token uninstalls the app: its tokens and webhooks go. 200 for unknown tokens too (RFC 7009)."""
    form, state = _form(request), desk.state
    app = _client(request, form, desk)
    value = form.get("token", "")
    installation = state.installations.get(value)
    if installation is not None and installation.app == app:
        del state.installations[value]
        state.tokens = {name: token for name, token in state.tokens.items() if token.refresh_token != value}
        state.webhooks = {
            number: webhook
            for number, webhook in state.webhooks.items()
            if webhook.type != "application" or webhook.owner_id != installation.user_id
        }
    elif (token := state.tokens.get(value)) is not None and token.app == app:
        del state.tokens[value]
    return Response(200)


def _html(body: str, status: int = 200) -> Response:
    # The empty icon keeps browsers from asking for one, and complaining that there is none.
    head = "<meta charset='utf-8'><link rel='icon' href='data:,'><title>Sign in</title>"
    page = f"<!doctype html><html lang='en'>{head}<body>{body}</body></html>"
    return Response(status, {"Content-Type": "text/html; charset=utf-8"}, page.encode())


ROUTES: Mapping[tuple[str, str], Callable[[Request, Desk, str], Response]] = {
    ("GET", "/oauth/authorize"): _consent_page,
    ("POST", "/oauth/authorize"): _decide,
    ("POST", "/oauth/token"): _token,
    ("POST", "/oauth/revoke"): _revoke,
}
