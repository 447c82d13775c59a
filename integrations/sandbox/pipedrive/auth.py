"""Who is calling, and what they may see and change."""

from __future__ import annotations

from datetime import datetime

from integrations.sandbox.core import Request
from integrations.sandbox.pipedrive.desk import Desk
from integrations.sandbox.pipedrive.errors import OWNER_CHANGE_FORBIDDEN, ApiError, not_found
from integrations.sandbox.pipedrive.records import Person, Token, User
from integrations.sandbox.pipedrive.routes import Call
from integrations.sandbox.pipedrive.state import State

OWNER_ONLY = 1
VISIBILITIES = {"lite": (1, 3), "growth": (1, 3), "premium": (1, 3, 5, 7), "ultimate": (1, 3, 5, 7)}


def token_of(request: Request, state: State, now: datetime) -> Token | None:
    """The live token that a call carries in `x-api-token`, as a bearer, or in `?api_token`; None when there is none.

    The query form "is no longer documented, but widely used clients still send it". A deactivated user's token is dead.
    """
    scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
    value = (
        request.headers.get("x-api-token")
        or (bearer.strip() if scheme.lower() == "bearer" else "")
        or request.first("api_token")
        or ""
    )
    token = state.tokens.get(value)
    if token is None or (token.expires is not None and token.expires <= now):
        return None
    return token if state.users[token.user_id].active else None


def can_see(user: User, person: Person) -> bool:
    """Whether a person is in the user's lists. Groups are not imitated: everybody is in one."""
    return user.is_admin or person.visible_to != OWNER_ONLY or person.owner_id == user.id


def person_for(call: Call, person_id: int, *, deleted: bool = False) -> Person:
    """A person that the caller can see. Raises the 404 otherwise; for a deleted one too, unless `deleted`."""
    person = call.desk.state.person(person_id, call.desk.now)
    if person is None or not can_see(call.user, person) or (person.is_deleted and not deleted):
        raise not_found()
    return person


def check_owner_change(call: Call, person: Person, owner_id: int) -> None:
    """Raise the 403 when the caller's permission set keeps them from giving this person to somebody else."""
    forbidden = call.desk.options.no_owner_change and not call.user.is_admin and person.owner_id != call.user.id
    if forbidden and owner_id != person.owner_id:
        raise ApiError(403, OWNER_CHANGE_FORBIDDEN)


def check_visibility(desk: Desk, visible_to: int) -> None:
    """Raise the 403 of a visibility that the plan does not have."""
    if visible_to not in VISIBILITIES[desk.options.plan]:
        raise ApiError(403, "Visibility level is not available for this company.")
