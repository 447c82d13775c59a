from __future__ import annotations

from integrations.services.changes import changes_of
from tests.admin.office import Office
from tests.api.conftest import Api


def test_a_change_by_a_token_is_told_with_the_tokens_user_and_from_what_to_what(api: Api, office: Office) -> None:
    assert api.user is not None
    assert api.ask("PATCH", f"connections/{office.connection.pk}/", {"interval_minutes": 60}).status == 200
    office.connection.refresh_from_db()
    change = changes_of(office.connection)[0]
    (line,) = [line for line in change.lines if line.verb == "changed"]
    assert change.who == (api.user.get_full_name() or api.user.get_username())
    assert [(value.before, value.after) for value in line.values] == [("120", "60")]
