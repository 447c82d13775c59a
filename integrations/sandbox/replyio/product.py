"""Reply.io's API v3 below `/reply`: authentication, limits and routing around the handlers of `routes`."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.sandbox.core import Clock, Deliver, Json, Request, Response
from integrations.sandbox.options import SandboxOptions
from integrations.sandbox.replyio.auth import Caller, caller_of, key_of, require_scope
from integrations.sandbox.replyio.call import Call
from integrations.sandbox.replyio.contact_edits import human_edit
from integrations.sandbox.replyio.dump import dump_state
from integrations.sandbox.replyio.errors import ProblemError, rate_limited, unauthorized
from integrations.sandbox.replyio.limits import RollingLimits
from integrations.sandbox.replyio.routes import (
    background_jobs,
    blacklist,
    contact_actions,
    contact_filter,
    contact_import,
    contacts,
    custom_fields,
    lists,
    sequence_contacts,
    sequences,
    webhooks,
    whoami,
)
from integrations.sandbox.replyio.routing import Router
from integrations.sandbox.replyio.seed import seed_state
from integrations.sandbox.replyio.state import State
from integrations.sandbox.replyio.wire import contact_json
from integrations.sandbox.world import World

_ROUTER = Router(
    (
        *whoami.ROUTES,
        *contacts.ROUTES,
        *contact_filter.ROUTES,
        *contact_import.ROUTES,
        *contact_actions.ROUTES,
        *lists.ROUTES,
        *custom_fields.ROUTES,
        *sequences.ROUTES,
        *sequence_contacts.ROUTES,
        *webhooks.ROUTES,
        *blacklist.ROUTES,
        *background_jobs.ROUTES,
    )
)
_OUTAGE_DETAILS = {500: "An unexpected error occurred.", 503: "The service is temporarily unavailable."}


class ReplySandbox:
    """One Reply workspace. `state` may be looked into and changed by tests between calls."""

    name = "reply"

    def __init__(self, clock: Clock, options: SandboxOptions, deliver: Deliver) -> None:
        self.options = options
        self.state = State(clock.now)
        self._clock = clock
        self._deliver = deliver
        self._limits = RollingLimits()

    def handle(self, request: Request) -> Response:
        """Answer one call. Calls with a valid key and user cost 1, refused ones 0."""
        options = self.options.replyio
        key = key_of(request, self.state)
        if key is None:
            return unauthorized(options.unauthorized_body)
        try:
            caller = caller_of(request, key, self.state)
        except ProblemError as problem:
            return problem.response()
        verdict = self._limits.count(caller.bucket(options), self._clock.now(), options)
        if verdict.broken:
            response = rate_limited(verdict.retry_after).response()
            response.violation = f"reply {verdict.broken}"
        else:
            response = self._answer(request, caller)
            response.cost = 1
        response.headers.update(verdict.headers)
        return response

    def error(self, status: int) -> Response:
        """What Reply answers when a key was revoked (401), a limit is full (429) or something broke (500, 503)."""
        if status == 401:
            return unauthorized(self.options.replyio.unauthorized_body)
        if status == 429:
            return rate_limited(60).response()
        return ProblemError(status, _OUTAGE_DETAILS.get(status, "The request failed.")).response()

    def change(self, command: Mapping[str, Json]) -> Json:
        """A human edits, makes or deletes a contact (see `Product.change`)."""
        return contact_json(human_edit(self.state, self._deliver, command), self.options.replyio)

    def seed(self, world: World) -> None:
        """Add the world's team, and those of its contacts whom Reply has, to an empty workspace."""
        seed_state(self.state, world)

    def reset(self) -> None:
        """Empty the workspace and its windows."""
        self.state = State(self._clock.now)
        self._limits.clear()

    def revoke(self, token: str) -> None:
        """Make a key invalid from now on. Raises KeyError for a key that was never there."""
        self.state.keys[token].revoked = True

    def dump(self) -> dict[str, Json]:
        """The whole workspace (see `dump_state`)."""
        return dump_state(self.state)

    def _answer(self, request: Request, caller: Caller) -> Response:
        try:
            route, ids = _ROUTER.find(request.method, request.path)
            require_scope(caller.key, route.scope)
            return route.handler(Call(request, self.state, self.options.replyio, caller, self._deliver, ids))
        except ProblemError as problem:
            return problem.response()
