"""Changing one's own password: the old one is tried as in a log-in, so that guessing it is throttled alike."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.forms import AdminPasswordChangeForm
from django.contrib.auth import authenticate
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables


class _Form(AdminPasswordChangeForm):
    def __init__(self, *args: Any, request: HttpRequest, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.request = request

    @sensitive_variables("old_password")
    def clean_old_password(self) -> str:
        """Django's, asking the backends, which count failures."""
        old_password: str = self.cleaned_data["old_password"]
        user = authenticate(self.request, username=self.user.get_username(), password=old_password)
        if user is None or user.pk != self.user.pk:
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return old_password


class _View(PasswordChangeView):
    form_class = _Form

    def get_form_kwargs(self) -> dict[str, Any]:
        """With the request, which the backends need."""
        return {**super().get_form_kwargs(), "request": self.request}


def change_password(request: HttpRequest, context: dict[str, Any]) -> HttpResponseBase:
    """The page."""
    view = _View.as_view(success_url=reverse("admin:password_change_done"), extra_context=context)
    answer: HttpResponseBase = view(request)
    return answer
