"""Who is asking."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from .base import UtcDateTimeField


class TokenSerializer(serializers.Serializer[Any]):
    """The token that the request came with, without its text."""

    name = serializers.CharField()
    hint = serializers.CharField(help_text="How the token begins.")
    created_at = UtcDateTimeField()
    expires_at = UtcDateTimeField(allow_null=True)


class MeSerializer(serializers.Serializer[Any]):
    """The person whom the request acts as."""

    username = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
    roles = serializers.ListField(child=serializers.CharField())
    rights = serializers.ListField(child=serializers.CharField(), help_text="What they may do, as Django names it.")
    token = TokenSerializer(allow_null=True, help_text="Null where the request came with a session.")
