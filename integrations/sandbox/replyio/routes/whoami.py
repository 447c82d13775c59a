"""Who the key acts as, and the team."""

from __future__ import annotations

from integrations.sandbox.core import Response
from integrations.sandbox.replyio.call import Call, not_found
from integrations.sandbox.replyio.errors import business
from integrations.sandbox.replyio.routing import Route

# A second workspace of the organization, which the credential can act in too.
_OTHER_TEAM = {"teamId": 20_418, "teamName": "Partner outreach"}
_OTHER_USERS = (
    (88_001, "Ines Duarte", "ines.duarte@partners.example"),
    (88_002, "Jonas Weber", "jonas.weber@partners.example"),
)


def whoami(call: Call) -> Response:
    """The acting user, or 404 when that user is gone."""
    user = call.caller.user
    if user.removed:
        raise not_found("whoami", "User not found.")
    return Response.of_json({"userId": user.id, "username": user.email, "teamId": call.state.team_id})


def team_users(call: Call) -> Response:
    """The members, with no word about roles. Whether it works at all is a reading."""
    if call.options.team_users == "organization_required":
        raise business(403, "workspace.organizationRequired", "Organization membership is required.")
    if call.options.team_users == "forbidden":
        raise business(403, "workspace.forbidden", "Access denied.")
    team = {"teamId": call.state.team_id, "teamName": call.state.team_name}
    members = [(user.id, user.name, user.email) for user in call.state.users.values() if not user.removed]
    rows = [_row(team, *member) for member in members]
    if call.options.team_users == "all_teams":
        rows += [_row(_OTHER_TEAM, *member) for member in _OTHER_USERS]
    return Response.of_json(rows)


def _row(team: dict[str, object], user_id: int, name: str, email: str) -> dict[str, object]:
    return {**team, "userId": user_id, "userName": name, "userEmail": email}


ROUTES = (
    Route("GET", "/v3/whoami", "", whoami),
    Route("GET", "/v3/whoami/team-users", "", team_users),
)
