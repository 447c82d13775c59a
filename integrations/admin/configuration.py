"""Configuration as a file: download it, or upload one, look at the difference, and confirm."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from integrations.models import Connection
from integrations.services.configuration import ConfigurationRefused, Difference, export_configuration
from integrations.services.configuration import import_configuration as bring_in
from integrations.services.configuration.document import LARGEST_FILE
from integrations.services.configuration.importing import ChangedMeanwhile

_ROWS = ("syncstep", "fieldmapping", "filtercondition", "ownermapping", "sequencemapping")
READ = [f"integrations.view_{model}" for model in ("connection", *_ROWS)]
WRITE = [f"integrations.{verb}_{model}" for verb in ("add", "change", "delete") for model in _ROWS]
WRITE += ["integrations.add_connection", "integrations.change_connection"]


class UploadForm(forms.Form):
    """A file, or the text of one that was shown before; `confirmed` is what was shown."""

    file = forms.FileField(required=False, widget=forms.ClearableFileInput(attrs={"accept": ".yaml,.yml"}))
    text = forms.CharField(required=False, strip=False, max_length=LARGEST_FILE)
    name = forms.CharField(required=False, max_length=100)
    confirmed = forms.CharField(required=False, max_length=64)

    def clean(self) -> dict[str, Any]:
        """The bytes, as `data`."""
        values = super().clean() or {}
        file = values.get("file")
        if file is not None:
            # One byte more than is taken, so that the service can say that it is too large.
            values |= {"data": file.read(LARGEST_FILE + 1), "name": file.name[:100], "confirmed": ""}
        elif values.get("text"):
            values["data"] = values["text"].replace("\r\n", "\n").encode()
        else:
            self.add_error("file", "Choose a file that “Download” or export_configuration has made.")
        return values


def download(request: HttpRequest, connection_id: int | None = None) -> HttpResponse:
    """All connections, or one, as a YAML file."""
    if not request.user.has_perms(READ):
        raise PermissionDenied
    connection = None
    if connection_id is not None:
        connection = Connection.objects.filter(pk=connection_id).first()
        if connection is None:
            messages.error(request, "This connection no longer exists: somebody deleted it meanwhile.")
            return HttpResponseRedirect(reverse("admin:configuration"))
    answer = HttpResponse(export_configuration(connection), content_type="application/yaml; charset=utf-8")
    name = f"syncadmin-connection-{connection.pk}" if connection else "syncadmin"
    answer["Content-Disposition"] = f'attachment; filename="{name}.yaml"'
    return answer


def configuration(request: HttpRequest, site: AdminSite) -> HttpResponse:
    """The page with both, and the difference once a file was sent."""
    if not request.user.has_perms(READ):
        raise PermissionDenied
    may_import = request.user.has_perms(WRITE)
    context: dict[str, Any] = {
        **site.each_context(request),
        "title": "Configuration as a file",
        "may_import": may_import,
        "connections": Connection.objects.all(),
    }
    if request.method == "POST":
        if not may_import:
            raise PermissionDenied
        form = UploadForm(request.POST, request.FILES)
        context["form"] = form
        if form.is_valid() and _bring_in(request, form.cleaned_data, context):
            return HttpResponseRedirect(reverse("admin:configuration"))
    return TemplateResponse(request, "admin/configuration.html", context)


def _bring_in(request: HttpRequest, sent: dict[str, Any], context: dict[str, Any]) -> bool:
    """Show the difference in the context, or make it; whether it was made."""
    data, name, confirmed = sent["data"], sent["name"] or "a file", sent["confirmed"]
    by: Any = request.user
    try:
        if confirmed:
            try:
                done = bring_in(data, apply=True, by=by, name=name, confirmed=confirmed)
            except ChangedMeanwhile:
                messages.warning(
                    request, "Something was changed meanwhile, so nothing was imported. This is the difference now."
                )
            else:
                messages.success(request, f"Imported {name}: {_count(done)}. No run was started.")
                return True
        context["difference"] = bring_in(data, apply=False, by=by, name=name)
        context |= {"text": data.decode("utf-8-sig"), "name": name}
    except ConfigurationRefused as refused:
        context |= {"problems": refused.problems, "name": name}
    return False


def _count(difference: Difference) -> str:
    number = len(difference.lines)
    return f"{number} change{'' if number == 1 else 's'}"
