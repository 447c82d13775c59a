"""Connections that are only made to public addresses, whatever a name leads to at the moment of connecting.

A check beforehand is not enough: a name server may answer differently the next time. So each connection looks the name
up once, refuses what is not public, and connects to the very address that it has looked at.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Sequence
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NameResolutionError, NewConnectionError

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_public(address: str) -> bool:
    """Whether an IP address is on the public internet. Addresses that stand for an IPv4 one are what that one is."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        ip = _embedded(ip) or ip
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _embedded(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip.teredo is not None:
        return ip.teredo[1]
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


def resolve(host: str) -> Sequence[str]:
    """The addresses that this machine would connect to, in its order. Raises OSError when there are none."""
    found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


class PrivateAddress(NewConnectionError):  # noqa: N818 -- says what is the matter
    """The name leads into a private network. Nothing was sent, nor was a connection opened."""


class _LooksFirst(HTTPConnection):
    """Looks the name up, refuses what is not public, and connects to the address that it has looked at."""

    def _new_conn(self) -> socket.socket:
        host = self._dns_host
        try:
            addresses = resolve(host)
        except (socket.gaierror, UnicodeError) as error:
            raise NameResolutionError(host, self, socket.gaierror(str(error))) from error
        private = [address for address in addresses if not is_public(address)]
        if private or not addresses:
            raise PrivateAddress(self, f"{host} leads to the private address {', '.join(private)}")
        failure: NewConnectionError | None = None
        try:
            for address in addresses:
                # The host itself stays what the certificate is checked for.
                self._dns_host = address
                try:
                    return super()._new_conn()
                except NewConnectionError as error:
                    failure = error
        finally:
            self._dns_host = host
        assert failure is not None
        raise failure


class _LooksFirstSecurely(_LooksFirst, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _LooksFirst


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _LooksFirstSecurely


class PublicOnlyAdapter(HTTPAdapter):
    """Connects to public addresses only. Behind a proxy it is the proxy that looks names up, and that must refuse."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """With pools whose connections look first."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}


def public_only(session: requests.Session) -> requests.Session:
    """The session, made to connect to public addresses only."""
    for scheme in ("http://", "https://"):
        session.mount(scheme, PublicOnlyAdapter())
    return session
