from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from integrations.domain.enums import Direction
from integrations.models import PersonLink, Run, RunKind, RunState
from tests.journeys.conftest import Install, install

__all__ = ["install"]


def said_by(command: str, *arguments: str) -> str:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue()


def test_a_person_is_explained_step_by_step_in_words(install: Install) -> None:
    app = install(people=20, limits=False)
    app.map_owners(app.step(Direction.TO_OUTREACH))
    app.sync()
    person = PersonLink.objects.order_by("pk")[0].crm_person
    said = said_by("explain", person.email)
    assert person.name in said
    assert "Main: People in Pipedrive → People in Reply" in said
    assert "Unchanged" in said
    assert "Filters: passes (Everybody)" in said
    assert "linked since" in said
    assert "created" in said.split("What the last runs did")[1]


def test_somebody_unknown_is_an_error_that_says_how_fresh_the_mirror_is(install: Install) -> None:
    install(people=5, limits=False)
    out = StringIO()
    with pytest.raises(CommandError, match="Nobody by 'who@"):
        call_command("explain", "who@example.com", stdout=out)
    assert "Pipedrive (never read yet)" in out.getvalue()


def test_a_preview_is_asked_for_and_with_here_carried_out(install: Install) -> None:
    app = install(people=10, limits=False)
    app.map_owners(app.step(Direction.TO_OUTREACH))
    said = said_by("preview", "Main", "--here")
    run = Run.objects.get()
    assert (run.kind, run.state) == (RunKind.PREVIEW, RunState.SUCCEEDED)
    assert "to create" in said
    assert "succeeded" in said
    assert not PersonLink.objects.exists()


def test_a_preview_of_one_step_is_queued_and_a_wrong_name_names_what_there_is(install: Install) -> None:
    app = install(people=5, limits=False)
    step = app.step(Direction.TO_OUTREACH)
    assert "is queued" in said_by("preview", f"step:{step.pk}")
    assert Run.objects.get().step == step
    with pytest.raises(CommandError, match="There are: “Main”"):
        call_command("preview", "Nope")


def test_sync_now_still_syncs(install: Install) -> None:
    app = install(people=10, limits=False)
    app.map_owners(app.step(Direction.TO_OUTREACH))
    assert "created" in said_by("sync_now", "Main", "--here")
    assert PersonLink.objects.exists()
