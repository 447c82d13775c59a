"""Accounts, and what they offer to the forms. No credentials, whether stored or sent."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from integrations.models import Account, AccountField, Member, SavedFilter, Sequence, SequenceStep

from .base import RecordSerializer


class AccountSerializer(RecordSerializer[Account]):
    """One product's account: a Pipedrive company as seen by one user, or a Reply workspace as seen by one key."""

    base_url = serializers.CharField(read_only=True, help_text="Empty: the product's own.")
    directory_warnings = serializers.ListField(
        child=serializers.CharField(), help_text="What could not be read for the directory, and why."
    )

    class Meta:
        model = Account
        fields = [
            "id",
            "name",
            "product",
            "role",
            "people_label",
            "base_url",
            "status",
            "status_detail",
            "checked_at",
            "external_id",
            "external_name",
            "user_external_id",
            "user_name",
            "phone_region",
            "directory_refreshed_at",
            "directory_warnings",
            "members_are_complete",
            "created_at",
        ]
        read_only_fields = fields


class AccountTestSerializer(serializers.Serializer[Any]):
    """What the product answered."""

    works = serializers.BooleanField(help_text="Whether the stored credentials work.")
    message = serializers.CharField(help_text="Whom they stand for, or what is wrong and what to do.")
    account = AccountSerializer()


class MemberSerializer(RecordSerializer[Member]):
    """A colleague who can own people."""

    can_own = serializers.BooleanField(read_only=True, help_text="Whether people can be given to this member.")

    class Meta:
        model = Member
        fields = ["id", "external_id", "name", "email", "is_active", "missing_since", "can_own"]
        read_only_fields = fields


class FieldOptionSerializer(serializers.Serializer[Any]):
    """A value that a field may have."""

    id = serializers.CharField(help_text="What a filtering rule takes as its value.")
    label: Any = serializers.CharField()


class FieldSerializer(RecordSerializer[AccountField]):
    """A field of the account's people."""

    options = FieldOptionSerializer(many=True, read_only=True)

    class Meta:
        model = AccountField
        fields = [
            "id",
            "key",
            "label",
            "kind",
            "writable",
            "is_custom",
            "identity",
            "required",
            "max_length",
            "options",
            "missing_since",
        ]
        read_only_fields = fields


class SavedFilterSerializer(RecordSerializer[SavedFilter]):
    """A filter or list kept in the product."""

    class Meta:
        model = SavedFilter
        fields = ["id", "external_id", "name", "kind", "missing_since"]
        read_only_fields = fields


class SequenceStepSerializer(RecordSerializer[SequenceStep]):
    """A step of a sequence, numbered as people see it."""

    class Meta:
        model = SequenceStep
        fields = ["id", "external_id", "number", "label", "missing_since"]
        read_only_fields = fields


class SequenceSerializer(RecordSerializer[Sequence]):
    """A sequence with its steps in their order."""

    owner = MemberSerializer(read_only=True, allow_null=True)
    blocked = serializers.CharField(read_only=True, help_text="Why nobody can be put into it, empty when people can.")
    steps = SequenceStepSerializer(many=True, read_only=True)

    class Meta:
        model = Sequence
        fields = ["id", "external_id", "name", "owner", "status", "blocked", "missing_since", "steps"]
        read_only_fields = fields
