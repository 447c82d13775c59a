from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from integrations.models import (
    Alert,
    AlertMessage,
    AlertSettings,
    ApiBudget,
    ApiToken,
    ApiUsage,
    ChangeHint,
    Enrolment,
    Heartbeat,
    Person,
    PersonLink,
    ReadCheckpoint,
    Run,
    RunChunk,
    RunEntry,
    RunStage,
    StepCheckpoint,
    Webhook,
)
from tests.admin.office import Office

MODELS = sorted(admin.site._registry, key=lambda model: model._meta.label)
OURS = [model for model in MODELS if model._meta.app_label == "integrations"]


@pytest.fixture
def rows(office: Office) -> None:
    """One row of every model of ours that has none yet."""
    now = timezone.now()
    crm = Person.objects.create(account=office.pipedrive, external_id="1", name="Ada", content="x")
    outreach = Person.objects.create(account=office.reply, external_id="2", name="Ada", content="x")
    link = PersonLink.objects.create(connection=office.connection, crm_person=crm, outreach_person=outreach)
    Enrolment.objects.create(link=link, sequence=office.reply.sequences.all()[0])
    run = Run.objects.create(connection=office.connection, step=office.step)
    stage = RunStage.objects.create(run=run, step=office.step, label="step")
    RunChunk.objects.create(run=run, stage=stage, phase="plan", offered_until=now, not_before=now)
    RunEntry.objects.create(run=run, stage=stage, source_external_id="1", name="Ada", action="skip")
    ReadCheckpoint.objects.create(account=office.pipedrive)
    StepCheckpoint.objects.create(step=office.step, stage=stage)
    ApiBudget.objects.create(account=office.pipedrive, window="daily", capacity=10, seconds=86_400)
    ApiUsage.objects.create(account=office.pipedrive, day=now.date())
    Heartbeat.objects.create(worker="one", beat_at=now)
    alert = Alert.objects.create(
        key="x", kind="silence", title="x", connection=office.connection, opened_at=now, told_at=now
    )
    AlertMessage.objects.create(alert=alert, channel="email", occasion="opened", due_at=now)
    AlertSettings.load()
    ApiToken.objects.create(user=User.objects.create_user("program"), name="x", digest="x")
    Webhook.objects.create(account=office.pipedrive)
    ChangeHint.objects.create(
        connection=office.connection, account=office.pipedrive, person_external_id="1", seen_at=now
    )


def address(model: type[Model], page: str, *args: object) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=args)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
@pytest.mark.usefixtures("rows")
def test_every_list_opens(boss: Client, model: type[Model]) -> None:
    assert boss.get(address(model, "changelist")).status_code == 200
    searched = boss.get(address(model, "changelist"), {"q": "ada"})
    assert searched.status_code == 200


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
@pytest.mark.usefixtures("rows")
def test_every_add_page_opens_or_is_refused(boss: Client, model: type[Model]) -> None:
    request_user = User.objects.get(username="boss")
    page: ModelAdmin[Model] = admin.site._registry[model]
    answer = boss.get(address(model, "add"))
    request = answer.wsgi_request
    request.user = request_user
    assert answer.status_code == (200 if page.has_add_permission(request) else 403)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
@pytest.mark.usefixtures("rows")
def test_every_record_opens(boss: Client, model: type[Model]) -> None:
    row = model._default_manager.first()
    if row is None:
        assert model not in OURS, "the office lacks a row of it"
        return
    assert boss.get(address(model, "change", row.pk)).status_code == 200


def test_every_model_of_ours_can_be_seen() -> None:
    inside_others = {"FieldMapping", "OwnerMapping", "SequenceMapping", "FilterCondition"}
    inside_others |= {"PersonEmail", "SavedFilterPerson", "RunStage", "IdempotentRequest"}
    on_history_pages = inside_others | {"Account", "AlertSettings", "Connection", "SyncStep"}
    inside_others |= {f"Historical{name}" for name in on_history_pages}
    hidden = {model.__name__ for model in apps.get_app_config("integrations").get_models()} - {
        model.__name__ for model in OURS
    }
    assert hidden <= inside_others


def test_a_page_of_something_that_was_deleted_says_so(boss: Client, db: None) -> None:
    answer = boss.post(reverse("admin:integrations_syncstep_sync_now", args=[987]), follow=True)
    assert "no longer exists" in answer.content.decode()
