from __future__ import annotations

import pytest

from integrations.sandbox.pipedrive import fields, filters, merge, persons, users, webhooks
from integrations.sandbox.pipedrive.routes import Route
from tests.openapi.check import operations

ROUTES = (*persons.ROUTES, *fields.ROUTES, *filters.ROUTES, *merge.ROUTES, *users.ROUTES, *webhooks.ROUTES)


def declared(route: Route) -> dict[str, object]:
    path = route.path.replace("{code}", "{field_code}")
    return next(
        operation
        for method, template, operation in operations(route.version)
        if (method, template) == (route.method, path)
    )


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.version} {route.path}")
class TestEveryOperation:
    def test_costs_what_pipedrive_declares(self, route: Route) -> None:
        assert route.cost == declared(route)["x-token-cost"]

    def test_takes_the_declared_parameters(self, route: Route) -> None:
        parameters = declared(route)["parameters"]
        assert isinstance(parameters, list)
        assert route.params == {one["name"] for one in parameters if one["in"] == "query"}

    def test_needs_one_of_the_declared_scopes(self, route: Route) -> None:
        security = declared(route)["security"]
        assert isinstance(security, list)
        scopes = {scope for one in security for scope in one.get("oauth2", ())}
        assert route.scopes == scopes - {"base"}
