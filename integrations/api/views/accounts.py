"""Accounts and their directories."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from integrations.api.pagination import OldestFirst
from integrations.api.permissions import OPERATE, can_view
from integrations.api.serializers.accounts import (
    AccountSerializer,
    AccountTestSerializer,
    FieldSerializer,
    MemberSerializer,
    SavedFilterSerializer,
    SequenceSerializer,
)
from integrations.models import Account, AccountField, Member, SavedFilter, Sequence
from integrations.services.accounts import AccountRefused, test_account
from integrations.services.queue import enqueue

from .base import ApiViewSet, M


class AccountViewSet(ListModelMixin, RetrieveModelMixin, ApiViewSet[Account]):
    """Accounts are connected and given credentials on the admin's pages only."""

    queryset = Account.objects.all()
    serializer_class = AccountSerializer
    pagination_class = OldestFirst
    rights = {
        "list": can_view("account"),
        "retrieve": can_view("account"),
        "test": (*can_view("account"), OPERATE),
        "refresh": (*can_view("account"), OPERATE),
    }

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List accounts."""
        return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Read an account."""
        return super().retrieve(request, *args, **kwargs)

    @extend_schema(request=None, responses=AccountTestSerializer)
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: int) -> Response:
        """Test an account.

        Asks the product whether the stored credentials still work, and notes the answer on the account. An answer
        of 200 with `works: false` says what is wrong.
        """
        account = self.get_object()
        try:
            identity = test_account(account=account)
        except AccountRefused as refused:
            works, message = False, refused.message
        else:
            works, message = True, f"Connected to “{identity.name}” as {identity.user_name}."
        answer = {"works": works, "message": message, "account": account}
        return Response(AccountTestSerializer(answer).data)

    @extend_schema(request=None, responses={202: AccountSerializer})
    @action(detail=True, methods=["post"], url_path="refresh-directory")
    def refresh(self, request: Request, pk: int) -> Response:
        """Read an account's directory again.

        Members, fields, lists and sequences are read by a worker; `directory_refreshed_at` tells when it is done.
        """
        account = self.get_object()
        enqueue("refresh_directory", account.pk)
        return Response(self.get_serializer(account).data, status=status.HTTP_202_ACCEPTED)


class DirectoryViewSet(ListModelMixin, ApiViewSet[M]):
    """What an account offers to the forms, as it was last read; what is gone from the product is marked."""

    pagination_class = OldestFirst

    def get_queryset(self) -> QuerySet[M]:
        """Those of the account in the address. 404 where there is no such account."""
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset().none()
        account = self.get_account()
        rows: Any = super().get_queryset()
        mine: QuerySet[M] = rows.filter(account=account)
        return mine

    def get_account(self) -> Model:
        """The account in the address."""
        return get_object_or_404(Account, pk=self.kwargs["account_pk"])


class MemberViewSet(DirectoryViewSet[Member]):
    """Members."""

    queryset = Member.objects.all()
    serializer_class = MemberSerializer
    rights = {"list": can_view("account", "member")}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List an account's members."""
        return super().list(request, *args, **kwargs)


class FieldViewSet(DirectoryViewSet[AccountField]):
    """Fields."""

    queryset = AccountField.objects.all()
    serializer_class = FieldSerializer
    rights = {"list": can_view("account", "accountfield")}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List an account's fields."""
        return super().list(request, *args, **kwargs)


class SavedFilterViewSet(DirectoryViewSet[SavedFilter]):
    """Saved filters and lists."""

    queryset = SavedFilter.objects.all()
    serializer_class = SavedFilterSerializer
    rights = {"list": can_view("account", "savedfilter")}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List an account's saved filters and lists."""
        return super().list(request, *args, **kwargs)


class SequenceViewSet(DirectoryViewSet[Sequence]):
    """Sequences."""

    queryset = Sequence.objects.select_related("owner").prefetch_related("steps")
    serializer_class = SequenceSerializer
    rights = {"list": can_view("account", "sequence", "sequencestep")}

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """List an account's sequences with their steps."""
        return super().list(request, *args, **kwargs)
