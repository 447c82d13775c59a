"""Alerts: whom they go to, when they are raised, which are open, and what became of their messages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from integrations.connectors.base_urls import check_webhook_url
from integrations.models import Alert, AlertMessage, AlertSettings
from integrations.models.history import noting
from integrations.services.alert_messages import send_test

from .actions import RecordAction
from .changes import HistoryAdmin
from .generic import ReadOnlyAdmin, TabularInline

LATEST_MESSAGES = 10


class AlertSettingsForm(forms.ModelForm):  # type: ignore[type-arg]
    """The webhook's address goes in and never comes out: whoever knows it can post to the channel."""

    webhook_url = forms.URLField(
        label="Webhook address",
        required=False,
        assume_scheme="https",
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )
    forget_webhook = forms.BooleanField(label="Forget the stored webhook", required=False)

    class Meta:
        model = AlertSettings
        fields = ["emails", "failed_people", "budget_percent", "remind_hours"]
        widgets = {"emails": forms.Textarea(attrs={"rows": 3, "cols": 40})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.webhook_url:
            self.fields["webhook_url"].help_text = "One is stored. Leave empty to keep it."
        else:
            self.fields["webhook_url"].help_text = "As Slack, Mattermost and others give it out."
            del self.fields["forget_webhook"]

    def clean_webhook_url(self) -> str:
        """Refuse addresses that a message must not be sent to."""
        url: str = self.cleaned_data["webhook_url"]
        refusal = check_webhook_url(url, settings.ALLOW_OTHER_BASE_URLS) if url else None
        if refusal:
            raise forms.ValidationError(refusal)
        return url

    def clean_emails(self) -> str:
        """Refuse addresses that no mail would reach."""
        emails: str = self.cleaned_data["emails"]
        if emails.strip() and not settings.EMAIL_IS_SET_UP:
            raise forms.ValidationError("This installation cannot send mail: its setting EMAIL_URL names no server.")
        return emails


def _send_test(request: HttpRequest, record: AlertSettings) -> None:
    trials = send_test()
    for trial in trials:
        if trial.error:
            messages.error(request, f"The test by {trial.channel.label} failed. {trial.error}")
        else:
            messages.success(request, f"The test by {trial.channel.label} was sent. Look whether it has arrived.")
    if not trials:
        messages.warning(request, "Nobody would be told: save an e-mail address or a webhook first.")


@admin.register(AlertSettings)
class AlertSettingsAdmin(HistoryAdmin[AlertSettings]):
    """One page: its list is the page itself."""

    form = AlertSettingsForm
    record_actions = (
        RecordAction(
            "test",
            "Send a test alert",
            "integrations.change_alertsettings",
            _send_test,
            title="Send a message by every channel that is saved.",
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: AlertSettings | None = None) -> Any:
        """The webhook's inputs only where they can be used."""
        whom = ["emails"]
        if self.has_change_permission(request, obj):
            whom += ["webhook_url", "forget_webhook"] if obj is not None and obj.webhook_url else ["webhook_url"]
        return [
            ("Whom to tell", {"fields": whom}),
            ("When", {"fields": ["failed_people", "budget_percent", "remind_hours"]}),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The only record."""
        return self.change_view(request, str(AlertSettings.load().pk), "", extra_context)

    def page_context(self, request: HttpRequest, record: AlertSettings) -> dict[str, Any]:
        """What is open, and what became of the latest messages."""
        return {
            "title": "Alerts",
            "subtitle": None,
            "show_save_and_continue": False,
            "alerts": open_alerts(),
            "sent": AlertMessage.objects.select_related("alert")[:LATEST_MESSAGES],
            "mail_is_set_up": settings.EMAIL_IS_SET_UP,
            "public_url": settings.PUBLIC_URL,
        }

    def save_model(self, request: HttpRequest, obj: AlertSettings, form: Any, change: bool) -> None:
        """With the webhook, if one was given or is to be forgotten."""
        what = ""
        if form.cleaned_data.get("webhook_url"):
            obj.webhook, what = {"url": form.cleaned_data["webhook_url"]}, "The webhook was set."
        elif form.cleaned_data.get("forget_webhook"):
            obj.webhook, what = {}, "The webhook was removed."
        with noting(what):
            super().save_model(request, obj, form, change)

    def response_change(self, request: HttpRequest, obj: AlertSettings) -> HttpResponse:
        """Back to the same page, where a test can be sent now."""
        messages.success(request, "Saved. Send a test alert to see whether it arrives.")
        return HttpResponseRedirect(reverse("admin:integrations_alertsettings_changelist"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        """It is there already."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """There is always one."""
        return False


class AlertMessageInline(TabularInline[AlertMessage, Alert]):
    """What was sent about an alert, and what could not be."""

    model = AlertMessage
    fields = ("occasion", "channel", "created_at", "attempts", "sent_at", "given_up_at", "error")
    readonly_fields = fields
    can_delete = False
    extra = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody adds them."""
        return False


@admin.register(Alert)
class AlertAdmin(ReadOnlyAdmin[Alert]):
    """All alerts, open and solved."""

    list_display = ["title", "kind", "opened_at", "closed_at"]
    list_filter = ["kind", ("closed_at", admin.EmptyFieldListFilter), "connection", "account"]
    list_select_related = ["run"]
    search_fields = ["title"]
    inlines = [AlertMessageInline]


@admin.register(AlertMessage)
class AlertMessageAdmin(ReadOnlyAdmin[AlertMessage]):
    """Messages, with the errors of those that did not go out."""

    list_display = ["alert", "occasion", "channel", "created_at", "sent_at", "attempts", "error"]
    list_filter = ["channel", "occasion", ("sent_at", admin.EmptyFieldListFilter)]
    list_select_related = ["alert"]


def open_alerts() -> list[Alert]:
    """The newest first, each with what its link needs."""
    return list(Alert.objects.open())
