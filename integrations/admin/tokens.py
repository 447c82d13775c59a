"""API tokens: everybody makes and removes their own; whoever may change tokens sees those of all."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from integrations.models import ApiToken
from integrations.services.api_tokens import create_token

from .generic import ModelAdmin


class ApiTokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new token's name and end."""

    class Meta:
        model = ApiToken
        fields = ["name", "expires_at"]

    def clean_expires_at(self) -> Any:
        """An end in the past would make a token that never works."""
        end = self.cleaned_data["expires_at"]
        if end is not None and end <= timezone.now():
            raise ValidationError("This time is over. Choose a later one, or leave it empty.")
        return end


@admin.register(ApiToken)
class ApiTokenAdmin(ModelAdmin[ApiToken]):
    """Made here and shown once. They cannot be edited: a new one is made, and the old one deleted."""

    form = ApiTokenForm
    list_display = ["name", "hint", "user", "created_at", "last_used_at", "expires_at"]
    list_select_related: ClassVar[Any] = ["user"]
    search_fields = ["name", "hint", "user__username"]

    def get_queryset(self, request: Any) -> QuerySet[ApiToken]:
        """One's own, or everybody's for administrators."""
        tokens = super().get_queryset(request)
        sees_all = request.user.has_perm("integrations.change_apitoken")
        return tokens if sees_all else tokens.filter(user=request.user)

    def has_change_permission(self, request: HttpRequest, obj: ApiToken | None = None) -> bool:
        """Nobody edits them."""
        return False

    def get_fields(self, request: HttpRequest, obj: ApiToken | None = None) -> Any:
        """Of a stored one, everything that is known."""
        shown = ["name", "hint", "user", "created_at", "last_used_at", "expires_at"]
        return shown if obj is not None else ["name", "expires_at"]

    def save_model(self, request: Any, obj: ApiToken, form: Any, change: bool) -> None:
        """Make it, for the person who asks."""
        user: User = request.user
        made, text = create_token(user=user, name=obj.name, expires_at=obj.expires_at)
        obj.pk = made.pk
        obj.refresh_from_db()
        request.new_token = text

    def response_add(self, request: Any, obj: ApiToken, post_url_continue: str | None = None) -> HttpResponse:
        """The page with the token, once: a message would go through a cookie."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"The token “{obj.name}”",
            "token": request.new_token,
            "address": request.build_absolute_uri("/api/v1/me/"),
        }
        return TemplateResponse(request, "admin/integrations/apitoken/made.html", context)
