"""Rules against contacting domains and addresses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

from integrations.sandbox.core import Response
from integrations.sandbox.replyio.bodies import Body
from integrations.sandbox.replyio.call import Call, not_found, nothing, paged, wrote
from integrations.sandbox.replyio.contact_fields import is_email
from integrations.sandbox.replyio.errors import business
from integrations.sandbox.replyio.records import BlacklistRule
from integrations.sandbox.replyio.routing import Handler, Route
from integrations.sandbox.replyio.wire import rule_json

Kind = Literal["domain", "email"]
KindHandler = Callable[[Call, Kind], Response]
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}", re.IGNORECASE)
_RESOURCES: dict[Kind, str] = {"domain": "blacklistDomainRule", "email": "blacklistEmailRule"}


def _list(call: Call, kind: Kind) -> Response:
    top, skip = call.page(_RESOURCES[kind])
    term = (call.request.first("search") or "").lower()
    return paged((rule for rule in _rules(call, kind) if term in rule.pattern.lower()), top, skip, rule_json)


def _get(call: Call, kind: Kind) -> Response:
    return Response.of_json(rule_json(_rule(call, kind)))


def _create(call: Call, kind: Kind) -> Response:
    pattern = _pattern(call, kind)
    rule = BlacklistRule(next(call.state.small_ids), kind, pattern)
    call.state.blacklist[rule.id] = rule
    return wrote(rule_json(rule), 201)


def _put(call: Call, kind: Kind) -> Response:
    rule = _rule(call, kind)
    rule.pattern = _pattern(call, kind, rule)
    return wrote(rule_json(rule))


def _delete(call: Call, kind: Kind) -> Response:
    rule = _rule(call, kind)
    if rule.is_global:
        code = f"{_RESOURCES[kind]}.globalRuleReadOnly"
        raise business(403, code, "Global rules are read-only and cannot be deleted.")
    del call.state.blacklist[rule.id]
    return nothing()


def _pattern(call: Call, kind: Kind, but: BlacklistRule | None = None) -> str:
    body = Body.of(call.request)
    pattern = body.text("pattern", required=True) or ""
    if pattern and not (is_email(pattern) if kind == "email" else _DOMAIN.fullmatch(pattern)):
        body.fault("pattern", f"Pattern is not a valid {kind}.")
    body.check()
    if any(rule.pattern.lower() == pattern.lower() for rule in _rules(call, kind) if rule is not but):
        raise business(409, f"{_RESOURCES[kind]}.duplicate", "A rule with this pattern already exists.")
    return pattern


def _rules(call: Call, kind: Kind) -> Iterator[BlacklistRule]:
    return (rule for rule in call.state.blacklist.values() if rule.kind == kind)


def _rule(call: Call, kind: Kind) -> BlacklistRule:
    rule = call.state.blacklist.get(call.ids[0])
    if rule is None or rule.kind != kind:
        raise not_found(_RESOURCES[kind], f"{kind.capitalize()} blacklist rule with ID {call.ids[0]} not found.")
    return rule


def _routes(kind: Kind) -> Iterator[Route]:
    base = f"/v3/contact-blacklist-rules/{kind}s"

    def bind(handler: KindHandler) -> Handler:
        return lambda call: handler(call, kind)

    yield Route("GET", base, "contacts:read", bind(_list))
    yield Route("POST", base, "contacts:write", bind(_create))
    yield Route("GET", f"{base}/{{id}}", "contacts:read", bind(_get))
    yield Route("PUT", f"{base}/{{id}}", "contacts:write", bind(_put))
    yield Route("DELETE", f"{base}/{{id}}", "contacts:write", bind(_delete))


ROUTES = (*_routes("domain"), *_routes("email"))
