from __future__ import annotations

import pytest

from integrations.connectors.base_urls import check_base_url
from integrations.connectors.pipedrive.spec import SPEC
from integrations.connectors.public_only import resolve


def check(url: str, *, allow_other: bool = False, addresses: tuple[str, ...] = ("104.16.0.1", "2606:4700::1")) -> str:
    return check_base_url(url, SPEC, allow_other, resolver=lambda host: addresses) or ""


@pytest.mark.parametrize(
    "url",
    ["https://api.pipedrive.com", "https://api.pipedrive.com/", "https://acme.pipedrive.com", "https://ACME.pipedrive.com:443"],
)  # fmt: skip
def test_the_products_own_hosts_are_taken(url: str) -> None:
    assert check(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "http://api.pipedrive.com",
        "https://api.pipedrive.com:8443",
        "https://api.pipedrive.com/api/v2",
        "https://pipedrive.com",
        "https://evil-pipedrive.com",
        "https://pipedrive.com.evil.test",
        "https://a.b.pipedrive.com",
        "https://.pipedrive.com",
        "https://api.reply.io",
        "https://127.0.0.1",
        "http://localhost:8900/pipedrive",
    ],
)
def test_anything_else_is_refused(url: str) -> None:
    assert check(url) != ""


@pytest.mark.parametrize("url", ["http://localhost:8900/pipedrive", "https://sandbox.test", "https://10.0.0.1/x"])
def test_anything_else_is_taken_where_others_are_allowed(url: str) -> None:
    assert check(url, allow_other=True) == ""


@pytest.mark.parametrize(
    "url",
    ["", "api.pipedrive.com", "ftp://api.pipedrive.com", "https://", "https://[", "https://a:b", "https://u:p@api.pipedrive.com",
     "https://api.pipedrive.com?x=1", "https://api.pipedrive.com#x"],
)  # fmt: skip
@pytest.mark.parametrize("allow_other", [True, False])
def test_what_is_no_plain_address_is_always_refused(url: str, allow_other: bool) -> None:
    assert check(url, allow_other=allow_other) != ""


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "::1", "fe80::1%eth0", "fd00::1", "0.0.0.0"]
)
def test_an_own_host_that_leads_to_a_private_address_is_refused(address: str) -> None:
    assert "private" in check("https://acme.pipedrive.com", addresses=("104.16.0.1", address))


def test_a_host_that_cannot_be_found_is_refused() -> None:
    def nowhere(host: str) -> list[str]:
        raise OSError

    assert "cannot be found" in (check_base_url("https://acme.pipedrive.com", SPEC, False, resolver=nowhere) or "")
    assert "cannot be found" in check("https://acme.pipedrive.com", addresses=())


def test_a_host_is_resolved_as_this_machine_would() -> None:
    assert "127.0.0.1" in resolve("localhost") or "::1" in resolve("localhost")
