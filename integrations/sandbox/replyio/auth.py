"""Who is calling: the bearer key, the user it acts as, and what the key may do.

Personal keys act as their owner and ignore the acting-user headers. Team keys act as any member named by `X-User-Id`
or `X-User-Email`, else as the owner. Organization keys must name somebody: `X-User-Id`, or `X-User-Email` with
`X-Team-Id`. A scope is `domain:verb`; `write` and `operate` each include `read`, but not each other.
"""

from __future__ import annotations

from dataclasses import dataclass

from integrations.sandbox.core import Request
from integrations.sandbox.replyio.errors import business
from integrations.sandbox.replyio.options import ReplyOptions
from integrations.sandbox.replyio.records import ApiKey, User
from integrations.sandbox.replyio.state import State


@dataclass(frozen=True, slots=True)
class Caller:
    """The user that a call acts as, and the key that it came with."""

    user: User
    key: ApiKey

    def bucket(self, options: ReplyOptions) -> str:
        """Whose rate window the call counts in."""
        if self.key.kind == "personal" or options.team_key_buckets == "per_acting_user":
            return f"user {self.user.id}"
        return f"key {self.key.token}"


def key_of(request: Request, state: State) -> ApiKey | None:
    """The key of the Authorization header, or None when it is missing, unknown or revoked."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    key = state.keys.get(token.strip()) if scheme.lower() == "bearer" else None
    return None if key is None or key.revoked else key


def caller_of(request: Request, key: ApiKey, state: State) -> Caller:
    """Resolve the acting user. Raises ProblemError with Reply's code when that fails."""
    if key.kind == "personal":
        return Caller(state.users[key.user_id], key)
    user_id, email = request.headers.get("x-user-id", ""), request.headers.get("x-user-email", "")
    team_id = request.headers.get("x-team-id", "")
    if team_id and team_id != str(state.team_id):
        raise business(403, "TEAM_NOT_ACCESSIBLE", f"Team {team_id} is not accessible with this API key.")
    if not user_id and not email:
        if key.kind == "organization":
            raise business(403, "USER_REQUIRED", "An acting user is required: send X-User-Id or X-User-Email.")
        return Caller(state.users[key.user_id], key)
    if key.kind == "organization" and not user_id and not team_id:
        teams = [{"teamId": state.team_id, "teamName": state.team_name}]
        raise business(403, "TEAM_REQUIRED", "X-User-Email needs X-Team-Id.", teams=teams)
    user = _named(user_id, email, state)
    if user is None:
        raise business(401, "USER_NOT_FOUND", f"User {user_id or email} was not found in the team.")
    return Caller(user, key)


def require_scope(key: ApiKey, scope: str) -> None:
    """Raise the 403 of a key that lacks a scope; an empty scope is granted to every key."""
    domain, _, verb = scope.partition(":")
    if scope and not any(_grants(granted, domain, verb) for granted in key.scopes):
        raise business(403, "insufficient_scope", f"The API key lacks the scope {scope}.")


def _grants(granted: str, domain: str, verb: str) -> bool:
    granted_domain, _, granted_verb = granted.partition(":")
    return granted_domain in ("*", domain) and (granted_verb in ("*", verb) or verb == "read")


def _named(user_id: str, email: str, state: State) -> User | None:
    if user_id:
        return state.member(int(user_id)) if user_id.isdigit() else None
    wanted = email.lower()
    return next((user for user in state.users.values() if user.email.lower() == wanted and not user.removed), None)
