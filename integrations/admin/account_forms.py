"""The forms that take an account's credentials. Secrets go in and never come out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest

from integrations.connectors.ports import ConnectorSpec
from integrations.models import Account
from integrations.services.accounts import AccountRefused

SECRET_PREFIX = "secret_"  # noqa: S105 -- a prefix of input names


class CredentialsForm(forms.Form):
    """Name, address and the product's credential fields.

    With `keeps_stored`, secrets left empty stay as they are stored; they are never shown.
    """

    name = forms.CharField(
        max_length=120, required=False, help_text="How this account is called here. Empty: the product's own name."
    )

    def __init__(self, spec: ConnectorSpec, *args: Any, keeps_stored: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        self.spec = spec
        for field in spec.credential_fields:
            self.fields[SECRET_PREFIX + field.name] = forms.CharField(
                label=field.label,
                required=field.required and not keeps_stored,
                help_text="Leave empty to keep the stored one." if keeps_stored else field.help_text,
                error_messages={"required": f"{spec.label} needs the {field.label}."},
                widget=forms.PasswordInput(attrs={"autocomplete": "off"}) if field.secret else forms.TextInput(),
            )
        self.fields["base_url"] = forms.URLField(
            label="Address",
            required=False,
            assume_scheme="https",
            help_text=f"Leave empty for {spec.label}'s own: {spec.default_base_url}.",
        )
        self.order_fields([name for name in self.fields if name.startswith(SECRET_PREFIX)])
        if keeps_stored:
            del self.fields["name"]
        for name, bound in self.fields.items():
            bound.widget.attrs.setdefault("class", "vTextField")
            if bound.help_text:
                bound.widget.attrs["aria-describedby"] = f"id_{name}_helptext"

    @property
    def secrets(self) -> dict[str, str]:
        """The credential fields by the names of the spec. Only of a valid form."""
        return {field.name: self.cleaned_data[SECRET_PREFIX + field.name] for field in self.spec.credential_fields}

    def show(self, refused: AccountRefused) -> None:
        """Put the refusal beside the field that it is about."""
        secret = SECRET_PREFIX + refused.field
        if secret in self.fields:
            self.add_error(secret, refused.message)
        else:
            self.add_error(refused.field if refused.field in self.fields else None, refused.message)


def welcome(request: HttpRequest, account: Account) -> None:
    """Say whom the product took the credentials for, and what its directory lacks."""
    messages.success(request, f"Connected to “{account.external_name}” as {account.user_name}.")
    for warning in account.directory_warnings:
        messages.warning(request, warning)
