from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import close_old_connections, connections
from django.utils import timezone

from integrations.models import AccountStatus, IdempotentRequest, Run, RunEntry, RunState, Trigger
from integrations.services.retention import forget
from tests.admin.office import Office, make_office, user_in
from tests.api.conftest import Answer, Api
from tests.api.test_reading import make_run


def start(api: Api, office: Office, **more: object) -> Answer:
    return api.post("runs/", {"connection": office.connection.pk, **more})


def test_a_run_is_queued_and_answered_at_once(api: Api, office: Office) -> None:
    answer = start(api, office, kind="preview", step=office.step.pk, full=True)
    assert answer.status == 201, answer.body
    run = Run.objects.get()
    assert answer.headers["Location"] == f"/api/v1/runs/{run.pk}/"
    assert (run.kind, run.step, run.full, run.trigger) == ("preview", office.step, True, Trigger.API)
    assert run.requested_by == api.user
    assert answer.body["progress"]["words"] == "Waiting for a worker"


def test_a_second_run_is_told_which_one_is_active_and_where(api: Api, office: Office) -> None:
    first = start(api, office).body
    answer = start(api, office)
    assert (answer.status, answer.problem) == (409, "run-active")
    assert answer.body["active_run"] == {"id": first["id"], "state": "queued", "url": f"/api/v1/runs/{first['id']}/"}
    assert f"Run {first['id']}" in answer.body["detail"]
    assert api.get(answer.body["active_run"]["url"]).status == 200


def test_a_run_that_cannot_start_says_why_not(api: Api, office: Office) -> None:
    office.connection.enabled = False
    office.connection.save()
    answer = start(api, office)
    assert (answer.status, answer.problem) == (409, "refused")
    assert "is not enabled. Switch it on first." in answer.body["detail"]
    office.reply.status, office.reply.status_detail = AccountStatus.NEEDS_ATTENTION, "Its key was revoked."
    office.reply.save()
    assert "Its key was revoked." in start(api, office, kind="preview").body["detail"]
    assert not Run.objects.exists()


def test_the_same_key_starts_nothing_again_and_gives_the_first_answer(api: Api, office: Office) -> None:
    body = {"connection": office.connection.pk}
    first = api.post("runs/", body, Idempotency_Key="monday")
    again = api.post("runs/", body, Idempotency_Key="monday")
    assert (again.status, again.body) == (first.status, first.body)
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert Run.objects.count() == 1


def test_a_key_belongs_to_its_request_and_its_user(api: Api, office: Office) -> None:
    api.post("runs/", {"connection": office.connection.pk}, Idempotency_Key="k")
    other = api.post("runs/", {"connection": office.connection.pk, "kind": "preview"}, Idempotency_Key="k")
    assert (other.status, other.problem) == (422, "key-reused")
    Run.objects.update(state=RunState.SUCCEEDED)
    colleague = Api(user_in("Operator"))
    assert colleague.post("runs/", {"connection": office.connection.pk}, Idempotency_Key="k").status == 201
    assert Run.objects.count() == 2


def test_a_refusal_does_not_use_the_key_up(api: Api, office: Office) -> None:
    active = start(api, office).body["id"]
    refused = api.post("runs/", {"connection": office.connection.pk}, Idempotency_Key="k")
    assert refused.problem == "run-active"
    Run.objects.filter(pk=active).update(state=RunState.SUCCEEDED)
    assert api.post("runs/", {"connection": office.connection.pk}, Idempotency_Key="k").status == 201


def test_a_key_is_forgotten_after_a_day(api: Api, office: Office) -> None:
    api.post("runs/", {"connection": office.connection.pk}, Idempotency_Key="k")
    Run.objects.update(state=RunState.SUCCEEDED)
    IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert api.post("runs/", {"connection": office.connection.pk}, Idempotency_Key="k").status == 201
    assert Run.objects.count() == 2
    IdempotentRequest.objects.update(created_at=timezone.now() - timedelta(hours=25))
    forget()
    assert not IdempotentRequest.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_requests_that_come_at_once_under_one_key_start_one_run() -> None:
    office = make_office()
    api = Api(user_in("Administrator"))
    body = {"connection": office.connection.pk}

    def ask(_: int) -> Answer:
        close_old_connections()
        try:
            twin = Api(None)
            twin.headers = api.headers
            return twin.post("runs/", body, Idempotency_Key="at-once")
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(ask, range(4)))
    assert [answer.status for answer in answers] == [201] * 4
    assert {answer.body["id"] for answer in answers} == {Run.objects.get().pk}


def test_a_held_run_is_approved_or_discarded_once(api: Api, office: Office) -> None:
    run = make_run(office, state=RunState.HELD)
    assert api.get(f"runs/{run.pk}/").body["actions"] == ["discard", "approve"]
    assert api.post(f"runs/{run.pk}/discard/").body["state"] == "cancelled"
    again = api.post(f"runs/{run.pk}/discard/")
    assert (again.status, again.problem) == (409, "refused")
    assert "is not held: cancelled" in again.body["detail"]
    assert api.post(f"runs/{run.pk}/approve/").problem == "refused"


def test_a_run_is_cancelled_while_it_is_active(api: Api, office: Office) -> None:
    run = start(api, office).body["id"]
    assert api.post(f"runs/{run}/cancel/").body["state"] == "cancelled"
    assert api.post(f"runs/{run}/cancel/").problem == "refused"


@pytest.mark.parametrize(
    ("verb", "words"),
    [("retry", "Nobody failed"), ("apply", "is not a finished preview"), ("undo", "has changed nobody")],
)
def test_what_makes_no_sense_for_a_run_is_refused_in_words(api: Api, office: Office, verb: str, words: str) -> None:
    run = make_run(office)
    answer = api.post(f"runs/{run.pk}/{verb}/")
    assert (answer.status, answer.problem) == (409, "refused")
    assert words in answer.body["detail"]
    assert Run.objects.count() == 1


def test_a_run_that_only_created_people_is_not_undone(api: Api, office: Office) -> None:
    run = make_run(office, entries=2)
    assert api.get(f"runs/{run.pk}/").body["actions"] == []
    answer = api.post(f"runs/{run.pk}/undo/")
    assert (answer.status, answer.problem) == (409, "refused")
    assert "undo deletes nobody" in answer.body["detail"]
    assert Run.objects.count() == 1


def test_failures_are_tried_again_by_a_run_that_names_this_one(api: Api, office: Office) -> None:
    run = make_run(office, entries=2)
    RunEntry.objects.filter(run=run, name="Person 1").update(outcome="failed")
    answer = api.post(f"runs/{run.pk}/retry/", Idempotency_Key="once")
    assert (answer.status, answer.body["of_run"], answer.body["kind"]) == (201, run.pk, "retry")
    assert api.post(f"runs/{run.pk}/retry/", Idempotency_Key="once").body["id"] == answer.body["id"]
    assert api.post(f"runs/{run.pk}/retry/").problem == "run-active"
