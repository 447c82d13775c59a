"""The imitated Pipedrive as the sandbox mounts it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping

from integrations.sandbox.core import Clock, Deliver, Json, Request, Response
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.pipedrive import errors, fields, filters, merge, persons, users, webhooks
from integrations.sandbox.pipedrive.auth import token_of
from integrations.sandbox.pipedrive.desk import Desk
from integrations.sandbox.pipedrive.human_edits import change_by_human
from integrations.sandbox.pipedrive.limits import Limits
from integrations.sandbox.pipedrive.oauth import answer_oauth
from integrations.sandbox.pipedrive.records import Token
from integrations.sandbox.pipedrive.routes import Call, Found, RouteTable, Version
from integrations.sandbox.pipedrive.seed import seed_state
from integrations.sandbox.pipedrive.state import State
from integrations.sandbox.world import World

# v2 answers below /api/v2 only, v1 below both (migration guide).
_VERSIONS: tuple[tuple[str, Version], ...] = (("/api/v2/", "v2"), ("/api/v1/", "v1"), ("/v1/", "v1"))
_TABLE = RouteTable(
    (*persons.ROUTES, *fields.ROUTES, *users.ROUTES, *filters.ROUTES, *webhooks.ROUTES, *merge.ROUTES)
)  # fmt: skip
_REPEATED_SLASHES = re.compile(r"/{2,}")


class PipedriveSandbox:
    """Pipedrive v2 and v1, as far as a sync of persons needs them, and the OAuth host below `/oauth`."""

    name = "pipedrive"

    def __init__(self, clock: Clock, options: SandboxOptions, deliver: Deliver) -> None:
        self.options = options
        self.state = State()
        self.limits = Limits()
        self._clock = clock
        self._deliver = deliver

    def handle(self, request: Request) -> Response:
        """Answer a request. Unknown tokens get the gateway's 401, unknown paths Pipedrive's 404."""
        desk = self._desk()
        if request.path.startswith("/oauth/"):
            answer = answer_oauth(request, desk, self._api_domain(request))
            return answer or errors.not_found("Page").response()
        token = token_of(request, self.state, desk.now)
        if token is None:
            return errors.unauthorized()
        found = _find(request)
        oauth, options = token.app is not None, self.options.pipedrive
        search = found is not None and found.route.search
        refusal = self.limits.admit(token.value, oauth=oauth, search=search, now=desk.now, options=options)
        if refusal is not None:
            response = refusal.response
            response.violation = refusal.violation
        else:
            response = _answer(found, request, token, desk)
        if response.violation != "cloudflare_block":
            response.headers |= self.limits.headers(token.value, oauth=oauth, now=desk.now, options=options)
            response.headers["x-correlation-id"] = str(uuid.uuid4())
        response.headers["server"] = "cloudflare"
        self.limits.charge(response.cost)
        return response

    def error(self, status: int) -> Response:
        """Pipedrive's own answer for a status that a fault gives."""
        if status == 401:
            return errors.unauthorized()
        if status == 429:
            return errors.too_many(1 if self.options.pipedrive.retry_after_on_429 else None)
        messages = {500: "Internal server error", 503: "Service temporarily unavailable"}
        return errors.ApiError(status, messages.get(status, "Error")).response()

    def change(self, command: Mapping[str, Json]) -> Json:
        """A human edits, makes or deletes a person in Pipedrive's own pages."""
        return change_by_human(self._desk(), command)

    def seed(self, world: World) -> None:
        """Users, organizations, fields, persons, filters, tokens and the OAuth client."""
        seed_state(self.state, world, self._clock.now(), self.options.pipedrive)

    def reset(self) -> None:
        """An empty company with a full budget."""
        self.state, self.limits = State(), Limits()

    def dump(self) -> dict[str, Json]:
        """All records, and the tokens spent today."""
        return {**self.state.dump(), "tokens_spent_today": self.limits.spent_today()}

    def _desk(self) -> Desk:
        return Desk(self.state, self.options.pipedrive, self._clock.now(), self._deliver)

    def _api_domain(self, request: Request) -> str:
        scheme, host = request.headers.get("x-forwarded-proto", "http"), request.headers.get("host", "127.0.0.1")
        return f"{scheme}://{host}/{self.name}"


def _find(request: Request) -> Found | None:
    path = _REPEATED_SLASHES.sub("/", request.path)
    for prefix, version in _VERSIONS:
        if path.startswith(prefix):
            return _TABLE.find(version, request.method, path.removeprefix(prefix))
    return None


def _answer(found: Found | None, request: Request, token: Token, desk: Desk) -> Response:
    if found is None:
        return Response.of_json({"success": False, "error": "Unknown method .", "errorCode": 404}, 404)
    route = found.route
    call = Call(desk, desk.state.users[token.user_id], token, request, found.ids, found.texts)
    try:
        if token.app is not None and route.scopes and not route.scopes & token.app.scopes:
            raise errors.scope_mismatch()
        _check_params(call, found)
        response = route.handler(call)
    except errors.ApiError as error:
        response = error.response()
    succeeded = response.status < 400
    response.cost = route.cost if succeeded or desk.options.failed_calls_cost else 0
    response.wrote = route.writes and succeeded
    return response


def _check_params(call: Call, found: Found) -> None:
    if found.route.version != "v2" or call.desk.options.unknown_params == "ignore":
        return
    unknown = {name for name, _ in call.request.query} - found.route.params - {"api_token"}
    if unknown:
        raise errors.invalid(f"query parameter {', '.join(sorted(unknown))} is not allowed")
