from __future__ import annotations

from typing import Any

from integrations.domain.enums import Direction
from integrations.models import Run
from tests.admin.office import user_in
from tests.api.conftest import Api
from tests.journeys.conftest import Install
from tests.journeys.installation import carry_out


def finish(api: Api, run_id: int) -> dict[str, Any]:
    """What a program does: ask until it is over. Workers are this process."""
    carry_out(Run.objects.get(pk=run_id))
    body: dict[str, Any] = api.get(f"runs/{run_id}/").body
    assert body["is_active"] is False
    return body


def test_a_program_maps_owners_previews_applies_looks_and_undoes(install: Install) -> None:
    office = install(people=20, limits=False)
    api = Api(user_in("Configurator"))
    (connection,) = api.get("connections/").body["results"]
    step = office.step(Direction.TO_OUTREACH)
    assert connection["steps"] == [step.pk]

    left = api.get(f"accounts/{office.crm.pk}/members/").body["results"]
    right = {row["email"]: row for row in api.get(f"accounts/{office.outreach.pk}/members/").body["results"]}
    pairs = [
        {"source_member": row["id"], "target_member": right[row["email"]]["id"]}
        for row in left
        if row["email"] in right and right[row["email"]]["can_own"]
    ]
    seen = api.get(f"steps/{step.pk}/").headers["ETag"]
    changed = api.ask("PATCH", f"steps/{step.pk}/", {"owner_mappings": pairs}, If_Match=seen)
    assert changed.status == 200, changed.body

    start = {"connection": connection["id"], "kind": "preview"}
    preview = api.post("runs/", start, Idempotency_Key="one").body["id"]
    shown = finish(api, preview)
    assert shown["state"] == "succeeded"
    assert shown["actions"] == ["apply"]
    assert shown["forecast"]["accounts"][0]["account"] == office.outreach.pk
    assert shown["forecast"]["accounts"][0]["calls"] > 0
    assert office.writes() == []
    planned = api.get(f"runs/{preview}/entries/?action=create&limit=200").body["results"]
    assert planned

    applied = finish(api, api.post(f"runs/{preview}/apply/").body["id"])
    assert (applied["state"], applied["of_run"]) == ("succeeded", preview)
    contacts = office.contacts()
    assert {entry["email"].lower() for entry in planned} == set(contacts)

    someone = planned[0]
    office.change("pipedrive", id=int(someone["source_external_id"]), fields={"first_name": "Renamed"})
    synced = finish(api, api.post("runs/", {"connection": connection["id"]}).body["id"])
    (entry,) = api.get(f"runs/{synced['id']}/entries/?outcome=updated").body["results"]
    (change,) = [change for change in entry["changes"] if change["after"] == "Renamed"]
    assert office.contacts()[someone["email"].lower()]["firstName"] == "Renamed"
    (story,) = api.get(f"explain/?q={someone['email']}").body["steps"]
    assert story["verdict"] == "unchanged"

    undone = finish(api, api.post(f"runs/{synced['id']}/undo/").body["id"])
    assert undone["state"] == "succeeded"
    assert office.contacts()[someone["email"].lower()]["firstName"] == change["before"]
    assert api.get("budgets/").body[0]["calls_today"] > 0
