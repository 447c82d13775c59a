"""Addresses that somebody might type to have a key sent elsewhere, or to reach into the network of the installation."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests

from integrations.connectors import public_only as module
from integrations.connectors.base_urls import check_base_url
from integrations.connectors.errors import ConnectorError, Unavailable
from integrations.connectors.oauth import OAuthApp
from integrations.connectors.pipedrive.oauth import open_oauth
from integrations.connectors.pipedrive.spec import SPEC as PIPEDRIVE
from integrations.connectors.ports import Credentials, Unlimited
from integrations.connectors.public_only import is_public, public_only
from integrations.connectors.registry import connector
from integrations.connectors.replyio.spec import SPEC as REPLY

PUBLIC = ("104.16.0.1",)

NASTY = [
    # Other hosts that look like the product's.
    "https://pipedrive.com.evil.test", "https://evil-pipedrive.com", "https://api.pipedrive.com.",
    "https://pipedrive.com",
    "https://api.pipedrive.com.evil.test", "https://a.b.pipedrive.com", "https://api-pipedrive.com",
    "https://.pipedrive.com",
    "https://-.pipedrive.com", "https://_.pipedrive.com", "https://*.pipedrive.com", "https://..pipedrive.com",
    # A name and password in front, and what readers of addresses disagree about.
    "https://api.pipedrive.com@evil.test", "https://user:pass@api.pipedrive.com", "https://@api.pipedrive.com",
    "https://api.pipedrive.com:443@evil.test", "https://evil.test#@api.pipedrive.com",
    "https://evil.test?.pipedrive.com",
    "https://evil\\.pipedrive.com", "https://evil.test\\@api.pipedrive.com", "https://api.pipedrive.com\\@evil.test",
    "https://evil%2f.pipedrive.com", "https://evil%00.pipedrive.com", "https://evil%23.pipedrive.com",
    "https://api.pipedrive.com%2eevil.test", "https://evil;.pipedrive.com", "https://evil .pipedrive.com",
    "https://evil\t.pipedrive.com", "https://ev\nil.pipedrive.com", "https://evil\r\n.pipedrive.com",
    "https://evil|.pipedrive.com",
    # Letters that only look right, or turn into others.
    "https://\u0430pi.pipedrive.com", "https://api。pipedrive。com", "https://\uff41pi.pipedrive.com",
    "https://api.pipedrive。com",
    "https://evil℀.pipedrive.com", "https://evil\uff0f.pipedrive.com", "https://api.p\u0131pedrive.com",
    "https://xn--.evil.test",
    # This machine and its network, in every spelling.
    "https://127.0.0.1", "https://localhost", "https://127.1", "https://2130706433", "https://0x7f000001",
    "https://0177.0.0.1",
    "https://0", "https://0.0.0.0", "https://[::1]", "https://[::]", "https://[::ffff:127.0.0.1]",
    "https://[::ffff:7f00:1]",
    "https://10.0.0.1", "https://192.168.1.1", "https://172.16.0.1", "https://169.254.169.254", "https://[fe80::1]",
    "https://[fe80::1%25eth0]", "https://[fd00:ec2::254]", "https://metadata.google.internal",
    "https://100.100.100.200",
    "https://[64:ff9b::7f00:1]", "https://[2002:7f00:1::]", "https://127.0.0.1.nip.io", "https://localhost.",
    # Other ports, schemes and paths.
    "http://api.pipedrive.com", "https://api.pipedrive.com:22", "https://api.pipedrive.com:0",
    "https://api.pipedrive.com:99999",
    "https://api.pipedrive.com:443:443", "https://api.pipedrive.com/../../admin",
    "https://api.pipedrive.com//evil.test",
    "file:///etc/passwd", "ftp://api.pipedrive.com", "gopher://api.pipedrive.com", "javascript://api.pipedrive.com",
    "//api.pipedrive.com", "https:api.pipedrive.com", "https:///api.pipedrive.com", "https://",
    "https://[api.pipedrive.com]",
    "https://[::1", "data:text/plain,x", "https://api.pipedrive.com?x=1", "https://api.pipedrive.com#x",
    "https://api.pipedrive.com/;x",
]  # fmt: skip


@pytest.mark.parametrize("url", NASTY)
@pytest.mark.parametrize("spec", [PIPEDRIVE, REPLY], ids=["pipedrive", "reply"])
def test_nothing_but_the_products_plain_address_is_taken(spec: Any, url: str) -> None:
    for address in (url, url.replace("api.pipedrive.com", "api.reply.io").replace("pipedrive.com", "reply.io")):
        assert check_base_url(address, spec, False, resolver=lambda host: PUBLIC), address


@pytest.mark.parametrize("url", [each for each in NASTY if "\\" in each or "%" in each or not each.isascii()])
def test_what_libraries_read_differently_is_refused_even_where_others_are_allowed(url: str) -> None:
    assert check_base_url(url, PIPEDRIVE, True)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.0.9", "10.0.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1", "::", "::1", "fe80::1",
        "fe80::1%eth0", "fd00::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2001:db8::1",
        "::ffff:169.254.169.254", "64:ff9b::a00:1", "2002:a00:1::1", "2002:7f00:1::", "", "localhost", "1.2.3",
        "0x7f.1", "2001:0:5ef5:79fb:0:0:80ff:fffe",
    ],
)  # fmt: skip
def test_what_is_no_address_of_the_public_internet_is_not_taken_for_one(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["104.16.0.1", "8.8.8.8", "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_are_public(address: str) -> None:
    assert is_public(address)


class Inside(BaseHTTPRequestHandler):
    """A service in the installation's own network that nobody outside should reach."""

    seen: list[str] = []

    def do_GET(self) -> None:
        self.seen.append(self.headers.get("Authorization", self.headers.get("x-api-token", "")))
        self.send_response(302)
        self.send_header("Location", "/again")
        self.end_headers()

    do_POST = do_GET  # noqa: N815 -- the name is given

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def inside() -> Iterator[int]:
    """The port of a service on this machine."""
    Inside.seen = []
    server = HTTPServer(("127.0.0.1", 0), Inside)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()
    thread.join()


def identity_of(url: str, *, may_be_private: bool = False) -> ConnectorError:
    """What comes of asking the account at the address who it is."""
    credentials = Credentials(url, {"api_token": "a-very-secret-token"}, may_be_private=may_be_private)
    account = connector("pipedrive").open(credentials, Unlimited(), sleep=lambda seconds: None)
    with pytest.raises(ConnectorError) as caught:
        account.identity()
    account.close()
    return caught.value


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433"])
def test_no_connection_is_made_into_the_own_network(inside: int, host: str) -> None:
    error = identity_of(f"http://{host}:{inside}")
    assert isinstance(error, Unavailable)
    assert "leads to a private address" in error.message
    assert Inside.seen == []


def test_a_name_that_changes_between_the_check_and_the_connection_is_refused_when_connecting(
    inside: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([PUBLIC, ("127.0.0.1",)])
    monkeypatch.setattr(module, "resolve", lambda host: next(answers))
    url = "https://acme.pipedrive.com"
    assert check_base_url(url, PIPEDRIVE, False, resolver=module.resolve) is None
    with pytest.raises(requests.ConnectionError, match="leads to the private address"):
        public_only(requests.Session()).get(f"http://acme.pipedrive.com:{inside}/", timeout=2)
    assert Inside.seen == []


def test_the_connection_goes_to_the_very_address_that_was_looked_at(
    inside: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looking up once more would give a tampered name server a second chance."""
    asked: list[str] = []
    lookup = socket.getaddrinfo

    def count(host: Any, *args: Any, **kwargs: Any) -> Any:
        asked.append(str(host))
        return lookup("127.0.0.1" if host == "acme.pipedrive.com" else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", count)
    monkeypatch.setattr(module, "is_public", lambda address: True)
    answer = public_only(requests.Session()).get(
        f"http://acme.pipedrive.com:{inside}/", timeout=2, allow_redirects=False
    )
    assert answer.status_code == 302
    assert asked == ["acme.pipedrive.com", "127.0.0.1"]


def test_where_private_addresses_are_allowed_the_call_arrives_and_no_redirect_is_followed(inside: int) -> None:
    error = identity_of(f"http://127.0.0.1:{inside}", may_be_private=True)
    assert "redirects (302), which is not followed" in error.message
    assert len(Inside.seen) == 1


def test_the_apps_secret_is_not_sent_into_the_own_network_either(inside: int) -> None:
    client = open_oauth(OAuthApp("id", "a-very-secret-secret", f"http://127.0.0.1:{inside}"))
    with pytest.raises(Unavailable, match="leads to a private address"):
        client.refresh("token")
    assert Inside.seen == []
