from __future__ import annotations

import time
from datetime import timedelta
from itertools import count
from pathlib import Path

import pytest

from integrations.sandbox import saved
from integrations.sandbox.build import build_sandbox
from integrations.sandbox.core import Json, Request, Sandbox
from integrations.sandbox.saved import Keeper, UnreadableStateError, load, load_or_set_aside, save


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "var" / "sandbox.state"


@pytest.fixture
def sandbox() -> Sandbox:
    return build_sandbox(people=20, reply_overlap=5)


def call(sandbox: Sandbox, method: str, path: str, body: bytes = b"") -> Json:
    return sandbox.handle(Request.from_url(method, path, body=body)).json()


def rename_the_first_person(sandbox: Sandbox) -> None:
    call(sandbox, "POST", "/_sandbox/change", b'{"product": "pipedrive", "id": 1, "fields": {"name": "Zoe Renamed"}}')


def test_another_sandbox_goes_on_from_the_saved_records(sandbox: Sandbox, file: Path) -> None:
    rename_the_first_person(sandbox)
    save(sandbox, file)
    other = build_sandbox(people=3)

    load(other, file)

    assert call(other, "GET", "/_sandbox/state") == call(sandbox, "GET", "/_sandbox/state")
    assert "Zoe Renamed" in str(call(other, "GET", "/_sandbox/state"))


def test_new_records_get_numbers_that_were_never_given_out(sandbox: Sandbox, file: Path) -> None:
    create = b'{"product": "reply", "create": {"email": "%s@new.example", "firstName": "New"}}'
    earlier = call(sandbox, "POST", "/_sandbox/change", create % b"a")["id"]
    save(sandbox, file)
    other = build_sandbox()
    load(other, file)

    assert call(other, "POST", "/_sandbox/change", create % b"b")["id"] == earlier + 1


def test_the_loaded_records_live_by_the_running_sandboxs_clock(sandbox: Sandbox, file: Path) -> None:
    sandbox.clock.advance(3600)
    save(sandbox, file)
    other = build_sandbox()
    load(other, file)
    assert abs(other.clock.now() - sandbox.clock.now()) < timedelta(seconds=5)

    other.clock.advance(86_400)
    made = b'{"product": "reply", "create": {"email": "late@new.example", "firstName": "Late"}}'
    record = call(other, "POST", "/_sandbox/change", made)

    assert str(other.clock.now().date()) in str(record)


def test_a_reset_comes_back_to_the_saved_worlds_people(sandbox: Sandbox, file: Path) -> None:
    save(sandbox, file)
    other = build_sandbox(people=3)
    load(other, file)

    assert call(other, "POST", "/_sandbox/reset") == {"people": len(sandbox.world.contacts)}


@pytest.mark.parametrize("content", [b"", b"not a state", b"\x80\x04K\x01."], ids=["empty", "text", "other pickle"])
def test_an_unreadable_file_is_set_aside_and_told(sandbox: Sandbox, file: Path, content: bytes) -> None:
    file.parent.mkdir()
    file.write_bytes(content)
    before = call(sandbox, "GET", "/_sandbox/state")

    words = load_or_set_aside(sandbox, file)

    assert "cannot be read" in words
    (aside,) = file.parent.iterdir()
    assert f"It is now {aside.name}; the sandbox starts anew." in words
    assert aside.read_bytes() == content
    assert call(sandbox, "GET", "/_sandbox/state") == before


def test_a_file_with_other_record_fields_is_refused(
    sandbox: Sandbox, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(sandbox, file)
    monkeypatch.setattr(saved, "shape_of_records", lambda: "of another version")

    with pytest.raises(UnreadableStateError, match="another version"):
        load(sandbox, file)


def test_without_a_file_the_sandbox_starts_as_it_was_built(sandbox: Sandbox, file: Path) -> None:
    assert load_or_set_aside(sandbox, file) == f"The records are kept in {file}."


def test_a_change_is_saved_soon(sandbox: Sandbox, file: Path) -> None:
    with Keeper(sandbox, file, every=0.01):
        rename_the_first_person(sandbox)
        deadline = time.monotonic() + 20
        while not is_saved(file, "Zoe Renamed"):
            assert time.monotonic() < deadline
            time.sleep(0.01)


def test_the_last_change_is_saved_at_the_stop(sandbox: Sandbox, file: Path) -> None:
    with Keeper(sandbox, file, every=3600):
        rename_the_first_person(sandbox)

    assert is_saved(file, "Zoe Renamed")


def is_saved(file: Path, words: str) -> bool:
    other = build_sandbox()
    if not file.exists():
        return False
    load(other, file)
    return words in str(call(other, "GET", "/_sandbox/state"))


def test_reading_alone_does_not_count_as_a_change(sandbox: Sandbox) -> None:
    before = sandbox.changes
    call(sandbox, "GET", "/_sandbox/state")
    assert sandbox.changes == before


def test_counters_tell_their_next_number_as_the_pickler_reads_it() -> None:
    counter = count(41)
    next(counter)
    assert repr(counter) == "count(42)"
