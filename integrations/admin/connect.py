"""The guided way from two keys to a first sync step: one account, the other, the connection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from integrations.connectors import registry
from integrations.connectors.ports import ConnectorSpec
from integrations.domain.enums import Role
from integrations.models import Account
from integrations.services.accounts import AccountRefused, connect_account
from integrations.services.connections import create_connection

from .account_forms import CredentialsForm, welcome
from .oauth import offer

ORDER = (Role.OUTREACH, Role.CRM)


class NameForm(forms.Form):
    """The last stage's only input."""

    name = forms.CharField(max_length=120, help_text="How the connection is called here.")


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of the path, as the page shows it."""

    number: int
    label: str
    account: Account | None
    is_current: bool


def connect(request: HttpRequest, site: Any) -> HttpResponse:
    """The page of the present stage. What is chosen so far is in the address, so Back and reloading do no harm."""
    if not request.user.has_perms(["integrations.add_account", "integrations.add_connection"]):
        raise PermissionDenied
    chosen = {role: _chosen(request, role) for role in ORDER}
    missing = next((role for role in ORDER if chosen[role] is None), None)
    labels = {role: _spec(request, role, chosen[role]).label for role in ORDER}
    stages = [Stage(n, labels[role], chosen[role], role is missing) for n, role in enumerate(ORDER, start=1)]
    stages.append(Stage(3, "First sync step", None, missing is None))
    context = {
        **site.each_context(request),
        "title": f"Connect {labels[Role.CRM]} and {labels[Role.OUTREACH]}",
        "stages": stages,
    }
    if missing is not None:
        return _account_stage(request, missing, chosen, context)
    return _last_stage(request, chosen, context)


def _account_stage(
    request: HttpRequest, role: Role, chosen: dict[Role, Account | None], context: dict[str, Any]
) -> HttpResponse:
    spec = _spec(request, role, None)
    form = CredentialsForm(spec, request.POST or None)
    if form.is_valid():
        try:
            account = connect_account(
                product=spec.product,
                name=form.cleaned_data["name"],
                base_url=form.cleaned_data["base_url"],
                secrets=form.secrets,
                by=request.user,  # type: ignore[arg-type]
            )
        except AccountRefused as refused:
            form.show(refused)
        else:
            welcome(request, account)
            return HttpResponseRedirect(_address({**chosen, role: account}))
    known = Account.objects.filter(role=role)
    others = [registry.connector(product).spec for product in registry.products()]
    context |= {
        "form": form,
        "spec": spec,
        "oauth": offer(spec, **{other.value: account.pk for other, account in chosen.items() if account}),
        "products": [other for other in others if other.role is role],
        "role": role,
        "known": [(account, _address({**chosen, role: account})) for account in known],
    }
    return TemplateResponse(request, "admin/connect_account.html", context)


def _last_stage(request: HttpRequest, chosen: dict[Role, Account | None], context: dict[str, Any]) -> HttpResponse:
    crm, outreach = chosen[Role.CRM], chosen[Role.OUTREACH]
    assert crm is not None
    assert outreach is not None
    form = NameForm(request.POST or None, label_suffix="", initial={"name": f"{outreach.name} and {crm.name}"[:120]})
    if form.is_valid():
        try:
            connection = create_connection(
                name=form.cleaned_data["name"],
                crm_account=crm,
                outreach_account=outreach,
                by=request.user,  # type: ignore[arg-type]
            )
        except ValidationError as error:
            form.add_error(None, error.messages[0])
        else:
            messages.success(
                request,
                "Connected, and still disabled. This is the first sync step with its default fields and the first "
                "owner pair: look it through, then preview.",
            )
            step = connection.steps.get()
            return HttpResponseRedirect(reverse("admin:integrations_syncstep_change", args=[step.pk]))
    context |= {"form": form, "crm": crm, "outreach": outreach}
    return TemplateResponse(request, "admin/connect_last.html", context)


def _chosen(request: HttpRequest, role: Role) -> Account | None:
    wanted = request.GET.get(role.value, "")
    return Account.objects.filter(role=role, pk=wanted).first() if wanted.isdigit() else None


def _spec(request: HttpRequest, role: Role, account: Account | None) -> ConnectorSpec:
    """The product of a stage: the chosen account's, else the one that was asked for, else the first of the role."""
    if account is not None:
        return registry.connector(account.product).spec
    specs = [registry.connector(product).spec for product in registry.products()]
    of_role = [spec for spec in specs if spec.role is role]
    wanted = request.GET.get(f"{role.value}_product")
    return next((spec for spec in of_role if spec.product == wanted), of_role[0])


def _address(chosen: dict[Role, Account | None]) -> str:
    query = {role.value: account.pk for role, account in chosen.items() if account is not None}
    return f"{reverse('admin:connect')}?{urlencode(query)}"
