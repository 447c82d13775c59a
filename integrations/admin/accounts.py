"""Accounts: connect, test, reconnect."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from integrations.connectors import registry
from integrations.models import Account
from integrations.services.accounts import AccountRefused, connect_account, reconnect_account, test_account
from integrations.services.queue import enqueue
from integrations.services.webhooks import remove as remove_webhook
from integrations.services.withdrawal import withdraw

from .account_forms import CredentialsForm, welcome
from .actions import OPERATE, RecordAction
from .changes import HistoryAdmin
from .oauth import offer


def _test(request: HttpRequest, account: Account) -> None:
    try:
        identity = test_account(account=account)
    except AccountRefused as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, f"Connected to “{identity.name}” as {identity.user_name}.")


def _refresh_directory(request: HttpRequest, account: Account) -> None:
    enqueue("refresh_directory", account.pk)
    messages.success(request, "Members, fields, lists and sequences are being read again. This takes a minute.")


@admin.register(Account)
class AccountAdmin(HistoryAdmin[Account]):
    """Adding an account means connecting it: nothing is stored before the product has answered."""

    list_display = ["name", "product_label", "status", "external_name", "user_name", "checked_at"]
    list_filter = ["status"]
    search_fields = ["name", "external_name", "user_name"]
    readonly_fields = [
        "product_label",
        "address",
        "status",
        "status_detail",
        "external_name",
        "external_id",
        "user_name",
        "checked_at",
        "directory_refreshed_at",
        "warnings_in_words",
    ]
    fieldsets = [
        (None, {"fields": ["name", "product_label", "address", "phone_region", "counts_everybody"]}),
        ("State", {"fields": ["status", "status_detail", "external_name", "external_id", "user_name", "checked_at"]}),
        ("Directory", {"fields": ["directory_refreshed_at", "warnings_in_words"]}),
    ]
    record_actions = (
        RecordAction("test", "Test", OPERATE, _test, title="Ask the product who this key is."),
        RecordAction(
            "refresh-directory",
            "Read lists again",
            OPERATE,
            _refresh_directory,
            title="Read members, fields, lists and sequences again.",
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """With the page for new credentials."""
        view = self.admin_site.admin_view(self.reconnect_view)
        own = path("<int:pk>/reconnect/", view, name="integrations_account_reconnect")
        return [own, *super().get_urls()]

    @admin.display(description="product")
    def product_label(self, account: Account) -> str:
        """The product as it calls itself."""
        return registry.connector(account.product).spec.label

    @admin.display(description="address")
    def address(self, account: Account) -> str:
        """Where the product is asked."""
        return account.base_url or f"{registry.connector(account.product).spec.default_base_url} (the product's own)"

    @admin.display(description="warnings")
    def warnings_in_words(self, account: Account) -> str:
        """What could not be read."""
        return " ".join(account.directory_warnings) or "None"

    def protecting(self, record: Account) -> list[Any]:
        """Connections, which are deleted on their own pages."""
        return [*record.crm_connections.all(), *record.outreach_connections.all()]

    def page_context(self, request: HttpRequest, record: Account) -> dict[str, Any]:
        """The reconnect link, for those who may."""
        may_change = self.has_change_permission(request, record)
        address = reverse("admin:integrations_account_reconnect", args=[record.pk])
        return {"title": record.name, "subtitle": None, "reconnect_url": address if may_change else ""}

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Choose a product, then give its credentials."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        product = request.GET.get("product", "")
        if product not in registry.products():
            specs = [registry.connector(name).spec for name in registry.products()]
            return self._page(request, "choose_product.html", "Connect an account", specs=specs)
        spec = registry.connector(product).spec
        form = CredentialsForm(spec, request.POST or None)
        if form.is_valid():
            try:
                account = connect_account(
                    product=product,
                    name=form.cleaned_data["name"],
                    base_url=form.cleaned_data["base_url"],
                    secrets=form.secrets,
                    by=request.user,  # type: ignore[arg-type]
                )
            except AccountRefused as refused:
                form.show(refused)
            else:
                welcome(request, account)
                return HttpResponseRedirect(self.record_url(account))
        title, by_oauth = f"Connect {spec.label}", offer(spec, then="record")
        return self._page(request, "credentials.html", title, form=form, button="Test and connect", oauth=by_oauth)

    def reconnect_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """New credentials for an account, tested before they replace the old ones."""
        account = Account.objects.filter(pk=pk).first()
        if account is None or not self.has_change_permission(request, account):
            raise PermissionDenied
        spec = registry.connector(account.product).spec
        initial = {"base_url": account.base_url}
        form = CredentialsForm(spec, request.POST or None, keeps_stored=True, initial=initial)
        if form.is_valid():
            try:
                reconnect_account(
                    account=account,
                    base_url=form.cleaned_data["base_url"],
                    secrets=form.secrets,
                    by=request.user,  # type: ignore[arg-type]
                )
            except AccountRefused as refused:
                form.show(refused)
            else:
                welcome(request, account)
                return HttpResponseRedirect(self.record_url(account))
        title = f"Reconnect {account.name}"
        by_oauth = offer(spec, account=account.pk)
        return self._page(
            request, "credentials.html", title, form=form, button="Test and save", original=account, oauth=by_oauth
        )

    def save_model(self, request: HttpRequest, obj: Account, form: Any, change: bool) -> None:
        """What the form changed and no more: a worker may have renewed the credentials meanwhile."""
        if form.changed_data:
            obj.save(update_fields=form.changed_data)

    def delete_model(self, request: HttpRequest, obj: Account) -> None:
        """Also where the account was let in by signing in: the product is told that this is over."""
        product, credentials = obj.product, obj.credentials
        if trouble := remove_webhook(obj):
            messages.warning(request, trouble)
        super().delete_model(request, obj)

        def tell() -> None:
            trouble = withdraw(product, credentials)
            if trouble:
                messages.warning(request, f"The account was deleted here. {trouble}")

        # Not before: a deletion that fails would leave an account without access. Nor while the rows are locked.
        transaction.on_commit(tell)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Account]) -> None:
        """One by one, as on their pages."""
        with transaction.atomic():
            for account in queryset:
                self.delete_model(request, account)

    def _page(self, request: HttpRequest, template: str, title: str, **context: Any) -> HttpResponse:
        context |= {**self.admin_site.each_context(request), "opts": self.opts, "title": title}
        return TemplateResponse(request, f"admin/integrations/account/{template}", context)
