"""What the sync keeps for itself: to be looked at, never edited."""

from __future__ import annotations

from django.contrib import admin

from integrations.models import (
    AccountField,
    ApiBudget,
    ApiUsage,
    ChangeHint,
    Enrolment,
    Heartbeat,
    Member,
    ReadCheckpoint,
    SavedFilter,
    Sequence,
    SequenceStep,
    StepCheckpoint,
    Webhook,
)

from .entries import BoundedPaginator
from .generic import ReadOnlyAdmin


@admin.register(Enrolment)
class EnrolmentAdmin(ReadOnlyAdmin[Enrolment]):
    """Who was put into which sequence by us."""

    list_display = ["link", "sequence", "state", "reason", "at"]
    list_filter = ["state"]
    list_select_related = ["link", "sequence__owner"]
    paginator = BoundedPaginator
    list_max_show_all = 0


@admin.register(Member)
class MemberAdmin(ReadOnlyAdmin[Member]):
    """Colleagues who can own people."""

    list_display = ["name", "email", "account", "is_active", "missing_since"]
    list_filter = ["account", "is_active"]
    list_select_related = ["account"]
    search_fields = ["name", "email"]


@admin.register(AccountField)
class AccountFieldAdmin(ReadOnlyAdmin[AccountField]):
    """Fields of people."""

    list_display = ["label", "key", "kind", "account", "writable", "is_custom", "missing_since"]
    list_filter = ["account", "kind", "is_custom"]
    list_select_related = ["account"]
    search_fields = ["label", "key"]


@admin.register(SavedFilter)
class SavedFilterAdmin(ReadOnlyAdmin[SavedFilter]):
    """Lists and filters kept in the products."""

    list_display = ["name", "kind", "account", "missing_since"]
    list_filter = ["account"]
    list_select_related = ["account"]
    search_fields = ["name"]


@admin.register(Sequence)
class SequenceAdmin(ReadOnlyAdmin[Sequence]):
    """Sequences of outreach accounts."""

    list_display = ["name", "owner", "status", "account", "missing_since"]
    list_filter = ["account", "status"]
    list_select_related = ["account", "owner"]
    search_fields = ["name"]


@admin.register(SequenceStep)
class SequenceStepAdmin(ReadOnlyAdmin[SequenceStep]):
    """Their steps."""

    list_display = ["sequence", "number", "label", "missing_since"]
    list_select_related = ["sequence__owner"]
    search_fields = ["sequence__name", "label"]


@admin.register(ReadCheckpoint)
class ReadCheckpointAdmin(ReadOnlyAdmin[ReadCheckpoint]):
    """How far reading has come."""

    list_display = ["account", "newest", "read_at", "full_read_at", "changes"]
    list_select_related = ["account"]


@admin.register(StepCheckpoint)
class StepCheckpointAdmin(ReadOnlyAdmin[StepCheckpoint]):
    """How far each step has come."""

    list_display = ["step", "source_change", "target_change"]
    list_select_related = ["step__connection__crm_account", "step__connection__outreach_account"]


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin[Webhook]):
    """Accounts' webhooks. Their buttons are on the connections' pages."""

    list_display = ["account", "state", "delivered_at", "checked_at", "check_after", "repairs"]
    list_select_related = ["account"]
    exclude = ["secret_hash", "login_hash"]


@admin.register(ChangeHint)
class ChangeHintAdmin(ReadOnlyAdmin[ChangeHint]):
    """People whom webhooks report as changed, until a run has read them."""

    list_display = ["person_external_id", "account", "connection", "seen_at", "gone", "run"]
    list_filter = ["connection"]
    list_select_related = ["account", "connection", "run"]
    search_fields = ["=person_external_id"]


@admin.register(ApiBudget)
class ApiBudgetAdmin(ReadOnlyAdmin[ApiBudget]):
    """What has been spent of each limit."""

    list_display = ["account", "window", "capacity", "seconds", "blocked_until"]
    list_select_related = ["account"]


@admin.register(ApiUsage)
class ApiUsageAdmin(ReadOnlyAdmin[ApiUsage]):
    """Calls by day."""

    list_display = ["account", "day", "calls", "tokens"]
    list_filter = ["account"]
    list_select_related = ["account"]
    date_hierarchy = "day"


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin[Heartbeat]):
    """Workers' signs of life."""

    list_display = ["worker", "beat_at"]
