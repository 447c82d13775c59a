"""The addresses of the API."""

from __future__ import annotations

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView
from rest_framework.routers import SimpleRouter

from .views.accounts import AccountViewSet, FieldViewSet, MemberViewSet, SavedFilterViewSet, SequenceViewSet
from .views.answers import BudgetViewSet, ExplainViewSet, MeViewSet, NowhereView
from .views.connections import ConnectionViewSet
from .views.docs import DocsView
from .views.entries import EntryViewSet
from .views.runs import RunViewSet
from .views.steps import StepViewSet

app_name = "api"

router = SimpleRouter(use_regex_path=False)
router.register("accounts", AccountViewSet, basename="account")
router.register("accounts/<int:account_pk>/members", MemberViewSet, basename="member")
router.register("accounts/<int:account_pk>/fields", FieldViewSet, basename="field")
router.register("accounts/<int:account_pk>/saved-filters", SavedFilterViewSet, basename="savedfilter")
router.register("accounts/<int:account_pk>/sequences", SequenceViewSet, basename="sequence")
router.register("connections", ConnectionViewSet, basename="connection")
router.register("steps", StepViewSet, basename="step")
router.register("runs", RunViewSet, basename="run")
router.register("runs/<int:run_pk>/entries", EntryViewSet, basename="entry")
router.register("budgets", BudgetViewSet, basename="budget")

urlpatterns = [
    path("", include(router.urls)),
    path("me/", MeViewSet.as_view({"get": "retrieve"}), name="me"),
    path("explain/", ExplainViewSet.as_view({"get": "retrieve"}), name="explain"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="docs"),
    re_path("", NowhereView.as_view()),
]
