"""Which addresses an account may be called at, so that a key is only ever sent to the product it belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias
from urllib.parse import SplitResult, urlsplit

from .ports import ConnectorSpec
from .public_only import is_public, resolve

_MISREAD = re.compile(r"[^\x21-\x7e]|[\\%<>\"^`{|}]")
"""What other readers of addresses take for something else than `urlsplit` does: `evil\\.pipedrive.com` is the host
`evil` to the library that connects."""
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")

Resolver: TypeAlias = Callable[[str], Sequence[str]]
"""A host name to its IP addresses. Raises OSError when there are none."""


def check_base_url(url: str, spec: ConnectorSpec, allow_other: bool, *, resolver: Resolver = resolve) -> str | None:
    """Why an account of the product may not be called at `url`, in words for a form; None when it may.

    Unless others are allowed, it must be one of `spec.own_hosts` over https on its usual port, without a path, and
    must not lead to a private address (which a hosts file or a tampered name server could make it do).
    """
    parts = _read(url)
    if parts is None:
        return "This is not a web address."
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "Give a web address such as https://api.example.com."
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        return "Give the address alone, without a name, a password, a query or a fragment."
    if allow_other:
        return None
    if parts.scheme != "https" or parts.port not in (None, 443) or parts.path not in ("", "/"):
        return f"{spec.label} is called over https, without a port and a path: {spec.default_base_url}."
    if not _is_own(parts, spec):
        return f"{parts.hostname} does not belong to {spec.label}. Its hosts are {', '.join(spec.own_hosts)}."
    return _check_where_it_leads(parts.hostname, resolver)


def check_webhook_url(url: str, allow_other: bool, *, resolver: Resolver = resolve) -> str | None:
    """Why no message may be posted to `url`, in words for a form; None when it may.

    Unless others are allowed, it must be https on its usual port, and must not lead to a private address.
    """
    parts = _read(url)
    if parts is None:
        return "This is not a web address."
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return "Give a web address such as https://hooks.slack.com/services/…"
    if parts.username is not None or parts.password is not None or parts.fragment:
        return "Give the address without a name, a password or a fragment."
    if allow_other:
        return None
    if parts.scheme != "https" or parts.port not in (None, 443):
        return "Messages are posted over https on its usual port only."
    return _check_where_it_leads(parts.hostname, resolver)


def _read(url: str) -> SplitResult | None:
    """The parts of an address that all readers read alike, its port among them; None where they would not."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # which is only read, and may be nonsense, when it is asked for
    except ValueError:
        return None
    return None if _MISREAD.search(url) else parts


def _is_own(parts: SplitResult, spec: ConnectorSpec) -> bool:
    host = parts.hostname or ""
    first, _, domain = host.partition(".")
    return any(own in (host, f"*.{domain}") for own in spec.own_hosts) and bool(_LABEL.fullmatch(first))


def _check_where_it_leads(host: str, resolver: Resolver) -> str | None:
    try:
        addresses = resolver(host)
    except (OSError, UnicodeError):
        return f"{host} cannot be found."
    if not addresses:
        return f"{host} cannot be found."
    if not all(is_public(address) for address in addresses):
        return f"{host} leads to a private address."
    return None
