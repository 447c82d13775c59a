"""What every connector must do when it reads."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.connectors.errors import AuthenticationFailed, NotFound
from integrations.connectors.ports import DEFAULT_MEANINGS
from integrations.domain.enums import FieldKind, Role
from integrations.sandbox.world import make_world
from tests.connectors.bench import Bench, every_page
from tests.connectors.harness import Held


class ReadingContract:
    """Identity, directory, people and saved filters."""

    def test_the_identity_is_that_of_the_company_and_the_keys_user(self, bench: Bench) -> None:
        connector = bench.open()
        identity = connector.identity()
        members = {member.id: member for member in connector.directory().members}
        assert identity.id
        assert identity.name
        user = members[identity.user_id]
        assert identity.user_name in (user.name, user.email)
        assert identity.base_url == "", "on a sandbox nobody may be sent to the real product"

    def test_a_wrong_key_is_told_apart(self, bench: Bench) -> None:
        connector = bench.open(bench.harness.wrong_credentials(bench.sandbox, bench.root))
        with bench.raises(AuthenticationFailed):
            connector.identity()
        with bench.raises(AuthenticationFailed):
            connector.directory()
        with bench.raises(AuthenticationFailed):
            connector.read_people(changed_since=None, cursor=None)

    def test_the_members_have_all_owners_among_them(self, bench: Bench) -> None:
        directory = bench.open().directory()
        members = {member.id for member in directory.members}
        assert {person.owner_id for person in bench.people().values()} <= members
        assert len(members) == len(directory.members)
        assert directory.warnings == ()
        assert directory.members_are_complete

    def test_the_fields_have_one_that_people_are_matched_by_and_those_of_a_new_step(self, bench: Bench) -> None:
        fields = {field.key: field for field in bench.open().directory().fields}
        email = bench.key_of("email")
        assert [key for key, field in fields.items() if field.identity] == [email]
        assert fields[email].kind in (FieldKind.EMAIL, FieldKind.EMAILS)
        for meaning in DEFAULT_MEANINGS:
            key = bench.key_of(meaning)
            assert key not in fields or fields[key].writable, meaning

    def test_sequences_are_those_of_an_outreach_product(self, bench: Bench) -> None:
        sequences = bench.open().directory().sequences
        assert bool(sequences) == (bench.spec.role is Role.OUTREACH)
        for sequence in sequences:
            assert [step.position for step in sequence.steps] == sorted({step.position for step in sequence.steps})

    def test_a_full_scan_gives_everybody_as_the_product_holds_them(self, bench: Bench) -> None:
        found = [person for page in every_page(bench.open()) for person in page.people if not person.is_deleted]
        held = bench.people()
        assert len(found) == len({person.id for person in found})
        assert {person.id: _held(bench, person.emails, person.values, person.owner_id) for person in found} == {
            person_id: _seen(person) for person_id, person in held.items()
        }

    def test_a_scan_of_several_pages_misses_nobody_who_stays_though_others_go(self, bench: Bench) -> None:
        size = bench.spec.page_size
        bench.sandbox.seed(make_world(size + size // 3, reply_overlap=size + 30))
        pages = every_page(bench.open())
        first = next(pages)
        gone = [person.id for person in first.people[3:6]]
        for person_id in gone:
            bench.harness.delete(bench.sandbox, person_id)
        assert first.next_cursor is not None
        seen = {person.id for page in (first, *pages) for person in page.people}
        assert set(bench.people()) <= seen

    def test_a_read_of_changes_gives_those_who_changed(self, bench: Bench) -> None:
        connector = bench.open()
        since = bench.sandbox.clock.now() - timedelta(minutes=1)
        renamed = bench.plain_people()[4]
        bench.harness.rename(bench.sandbox, renamed, "Changed")
        page = connector.read_people(changed_since=since, cursor=None)
        found = {person.id: person for person in page.people}
        assert found[renamed].values[bench.key_of("last name")] == "Changed"
        if bench.spec.reads_changes:
            assert list(found) == [renamed]
            assert page.next_cursor is None

    def test_people_are_given_by_id_and_those_who_are_gone_left_out(self, bench: Bench) -> None:
        connector = bench.open()
        first, second, third = bench.plain_people()[:3]
        bench.harness.delete(bench.sandbox, second)
        found = connector.get_people([first, second, third, "99999999"])
        assert {person_id: person.id for person_id, person in found.items()} == {first: first, third: third}
        assert found[first].emails == bench.people()[first].emails

    def test_nobody_is_asked_for_without_ids(self, bench: Bench) -> None:
        assert bench.open().get_people([]) == {}
        assert bench.calls() == []

    def test_a_saved_filter_gives_the_ids_of_its_people(self, bench: Bench) -> None:
        connector = bench.open()
        for saved in connector.directory().saved_filters:
            found: list[str] = []
            cursor: str | None = None
            while True:
                page = connector.read_saved_filter(saved.id, cursor)
                found += page.ids
                cursor = page.next_cursor
                if cursor is None:
                    break
            assert frozenset(found) == bench.harness.saved_filter_members(bench.sandbox, saved.id), saved.name

    @pytest.mark.parametrize("saved_filter_id", ["99999999", "gone"])
    def test_a_saved_filter_that_is_gone_is_not_found(self, bench: Bench, saved_filter_id: str) -> None:
        with bench.raises(NotFound):
            bench.open().read_saved_filter(saved_filter_id, None)

    def test_leave_is_asked_for_every_call_and_its_cost(self, bench: Bench) -> None:
        connector = bench.open()
        connector.identity()
        connector.directory()
        list(every_page(connector))
        list(connector.create_people([bench.newcomer()]))
        calls = bench.calls()
        assert len(bench.limiter.acquired) == len(calls)
        if any(window.counts_tokens for window in bench.spec.windows):
            assert sum(tokens for tokens, _ in bench.limiter.acquired) == sum(call.cost for call in calls)

    def test_a_connector_does_not_tell_its_key(self, bench: Bench) -> None:
        connector = bench.open()
        shown = f"{connector!r} {connector} {bench.credentials!r} {vars(connector)!r}"
        assert not [secret for secret in bench.secrets() if secret in shown]


def _seen(person: Held) -> Held:
    """The order of further addresses is nobody's business."""
    return Held(person.emails, person.first_name, person.last_name, person.owner_id)


def _held(bench: Bench, emails: tuple[str, ...], values: object, owner_id: str | None) -> Held:
    assert isinstance(values, dict)
    first, last = values.get(bench.key_of("first name")), values.get(bench.key_of("last name"))
    return Held(emails, str(first or ""), str(last or ""), owner_id or "")
