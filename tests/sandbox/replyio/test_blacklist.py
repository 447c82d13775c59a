from __future__ import annotations

import pytest

from tests.sandbox.replyio.client import Reply

BASE = "/v3/contact-blacklist-rules"


@pytest.mark.parametrize(
    ("kind", "seeded", "pattern", "resource"),
    [
        ("domains", "competitor.example", "rival.example", "blacklistDomainRule"),
        ("emails", "legal@granite.example", "press@rival.example", "blacklistEmailRule"),
    ],
)
def test_rules_are_listed_made_replaced_and_deleted(kind: str, seeded: str, pattern: str, resource: str) -> None:
    reply = Reply()
    assert [rule["pattern"] for rule in reply.get(f"{BASE}/{kind}")["items"]] == [seeded]
    made = reply.call("POST", f"{BASE}/{kind}", {"pattern": pattern})
    assert (made.status, made.json()["isGlobal"]) == (201, False)
    path = f"{BASE}/{kind}/{made.json()['id']}"
    assert reply.code("POST", f"{BASE}/{kind}", {"pattern": pattern.upper()}) == (409, f"{resource}.duplicate")
    assert reply.pointers("POST", f"{BASE}/{kind}", {"pattern": "not one"}) == ["/pattern"]
    assert reply.call("PUT", path, {"pattern": f"x{pattern}"}).json()["pattern"] == f"x{pattern}"
    assert [rule["pattern"] for rule in reply.get(f"{BASE}/{kind}?search=RIVAL")["items"]] == [f"x{pattern}"]
    assert reply.call("DELETE", path).status == 204
    assert reply.code("GET", path) == (404, f"{resource}.notFound")


def test_a_rule_of_the_other_kind_is_not_there() -> None:
    assert Reply().code("GET", f"{BASE}/emails/9001") == (404, "blacklistEmailRule.notFound")


def test_platform_rules_cannot_be_deleted() -> None:
    reply = Reply()
    reply.sandbox.state.blacklist[9001].is_global = True
    assert reply.code("DELETE", f"{BASE}/domains/9001") == (403, "blacklistDomainRule.globalRuleReadOnly")
