"""Questions that are nobody's record: who am I, why, how much is left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib.auth.models import User
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from integrations.api.permissions import can_view
from integrations.api.queries import read_query
from integrations.api.serializers.base import InputSerializer
from integrations.api.serializers.budgets import BudgetSerializer
from integrations.api.serializers.explanation import ExplanationSerializer
from integrations.api.serializers.people import MeSerializer
from integrations.models import Account, ApiToken
from integrations.services.budgets import account_budgets
from integrations.services.explain import explain


class MeViewSet(ViewSet):
    """The person whom the request acts as."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses=MeSerializer)
    def retrieve(self, request: Request) -> Response:
        """Read who you are and what you may do."""
        user = request.user
        assert isinstance(user, User)
        answer = {
            "username": user.get_username(),
            "name": user.get_full_name(),
            "roles": sorted(user.groups.values_list("name", flat=True)),
            "rights": sorted(right for right in user.get_all_permissions() if right.startswith("integrations.")),
            "token": request.auth if isinstance(request.auth, ApiToken) else None,
        }
        return Response(MeSerializer(answer).data)


class QuestionSerializer(InputSerializer):
    """Whom it is about."""

    q = serializers.CharField(
        max_length=254, help_text="An e-mail address of theirs, or their id in one of the products."
    )


class ExplainViewSet(ViewSet):
    """Why?"""

    rights: ClassVar[Mapping[str, Sequence[str]]] = {"retrieve": can_view("person", "syncstep", "runentry")}

    @extend_schema(parameters=[QuestionSerializer], responses=ExplanationSerializer)
    def retrieve(self, request: Request) -> Response:
        """Explain what every step would do with one person, and why.

        From the mirror alone: it calls no product and writes nothing. Somebody whom the mirror does not know is no
        error; `accounts` then says where was looked, and how fresh that is.
        """
        return Response(ExplanationSerializer(explain(read_query(request, QuestionSerializer)["q"])).data)


class BudgetViewSet(ViewSet):
    """Limits."""

    rights: ClassVar[Mapping[str, Sequence[str]]] = {"list": can_view("account", "apibudget", "apiusage")}

    @extend_schema(responses=BudgetSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Read how much of every account's limits is spent."""
        return Response(BudgetSerializer(account_budgets(list(Account.objects.order_by("pk"))), many=True).data)


@extend_schema(exclude=True)
class NowhereView(APIView):
    """Every address that is none of the API's."""

    authentication_classes = []
    permission_classes = [AllowAny]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Whatever the method."""
        slash = "" if request.path.endswith("/") else " Addresses of the API end with a slash."
        raise NotFound(f"The API has no address {request.path}.{slash}")
