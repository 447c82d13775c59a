"""People as they were last read, and who belongs together."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from integrations.domain.person import JsonValue
from integrations.models import AccountField, Member, Person, PersonLink
from integrations.services.values import value_in_words

from .entries import BoundedPaginator
from .generic import ReadOnlyAdmin


@admin.register(Person)
class PersonAdmin(ReadOnlyAdmin[Person]):
    """The mirror of each account's people."""

    list_display = ["name", "email", "account", "external_id", "external_updated_at", "missing_since"]
    list_filter = ["account", "opted_out"]
    list_select_related = ["account"]
    search_fields = ["email", "name", "external_id"]
    search_help_text = "Name, e-mail address or id"
    paginator = BoundedPaginator
    list_max_show_all = 0
    fields = [
        "account",
        "external_id",
        "name",
        "addresses",
        "owner",
        "fields_in_words",
        "opted_out",
        "external_updated_at",
        "missing_since",
    ]
    readonly_fields = ["addresses", "owner", "fields_in_words"]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Under the person's name."""
        person = self.get_object(request, object_id)
        context = {"title": str(person), "subtitle": None, "person": person, **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    @admin.display(description="e-mail addresses")
    def addresses(self, person: Person) -> str:
        """The primary one first."""
        return ", ".join(person.emails)

    @admin.display(description="owner")
    def owner(self, person: Person) -> str:
        """By name."""
        if not person.owner_external_id:
            return "Nobody"
        member = Member.objects.filter(account=person.account_id, external_id=person.owner_external_id).first()
        return str(member or person.owner_external_id)

    @admin.display(description="fields")
    def fields_in_words(self, person: Person) -> SafeString | str:
        """Each by the product's name for it; what the product calls nothing is left out."""
        fields = AccountField.objects.filter(account=person.account_id)
        rows = [
            (field.label, _in_words(field, person.values[field.key]))
            for field in fields
            if person.values.get(field.key)
        ]
        lines = format_html_join("", '<div class="sa-change"><b>{}</b> {}</div>', rows)
        return format_html("<div>{}</div>", lines) if rows else ""


def _in_words(field: AccountField, value: JsonValue) -> str:
    """Options by their label: people hold an option's id."""
    labels = {str(option["id"]): option["label"] for option in field.options}
    return labels.get(str(value)) or value_in_words(value)


@admin.register(PersonLink)
class PersonLinkAdmin(ReadOnlyAdmin[PersonLink]):
    """Who belongs together."""

    list_display = ["crm_person", "outreach_person", "connection", "created_at", "synced_at"]
    list_filter = ["connection"]
    list_select_related = ["crm_person", "outreach_person", "connection"]
    search_fields = ["crm_person__email", "outreach_person__email", "crm_person__name"]
    search_help_text = "Name or e-mail address"
    paginator = BoundedPaginator
    list_max_show_all = 0
