"""How much of the products' limits is spent."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from .base import UtcDateTimeField


class WindowSerializer(serializers.Serializer[Any]):
    """One limit."""

    name = serializers.CharField()
    seconds = serializers.FloatField(help_text="How long the limit's window is.")
    spent = serializers.IntegerField(help_text="Calls or tokens, as the product counts, including what others spent.")
    capacity = serializers.IntegerField(help_text="What the product allows in a window.")
    usable = serializers.IntegerField(help_text="What syncs may spend of it; the rest is people's other tools'.")
    percent = serializers.IntegerField(help_text="0 to 100.")
    blocked_until = UtcDateTimeField(allow_null=True, help_text="The product lets nothing through before.")


class BudgetSerializer(serializers.Serializer[Any]):
    """An account's limits, the shortest first. There are none before the first call."""

    account = serializers.IntegerField(source="account.pk")
    account_name = serializers.CharField(source="account.name")
    calls_today = serializers.IntegerField(help_text="Our calls since midnight, UTC.")
    tokens_today = serializers.IntegerField(help_text="What they cost, in the product's own unit.")
    windows = WindowSerializer(many=True)
