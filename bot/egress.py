"""The rule for all requests that follow a redirect: to which hosts and addresses they may go.

A redirect is data from outside. It must not lead the bot into the network that the bot runs in: to services of its own
machine, of the company network, or of the cloud provider (169.254.169.254).
"""

import ipaddress
import socket
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum
from urllib.parse import urlsplit

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
PORTS = {"http": 80, "https": 443}
_ATLASSIAN = ("atlassian.com", "atlassian.net", "atl-paas.net", "atlassian-us-gov-mod.com", "atlassian-us-gov-mod.net")
"""Cloud serves attachments from api.media.atlassian.com; the government cloud has domains of its own."""


class Reach(IntEnum):
    """From where an address can be reached, in ascending order of secrecy."""

    PUBLIC = 0
    PRIVATE = 1
    LOOPBACK = 2
    SPECIAL = 3
    """Link-local (metadata services), multicast, unspecified: never a target."""


class EgressError(Exception):
    """The request must not be sent; the message continues a sentence whose subject is the redirect."""


def reach(address: IpAddress) -> Reach:
    """Return from where *address* can be reached; an IPv4 address inside an IPv6 address counts as itself."""
    inner = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    if inner is not None:
        return reach(inner)
    if address.is_multicast or address.is_link_local or address.is_unspecified:
        return Reach.SPECIAL
    if address.is_loopback:
        return Reach.LOOPBACK
    return Reach.PUBLIC if address.is_global else Reach.PRIVATE


def is_public(address: IpAddress) -> bool:
    """Return whether an address is on the public internet: not loopback, private, link-local or reserved."""
    return reach(address) is Reach.PUBLIC


def resolve(host: str, port: int) -> list[IpAddress]:
    """Return the addresses of *host*; raises `OSError` if the name is not known."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list({ipaddress.ip_address(str(each[4][0]).partition("%")[0]): None for each in found})


@dataclass(frozen=True, slots=True)
class RedirectRule:
    """Where a redirect from *home*, the address of the wiki, may lead.

    The host must be the one of the wiki, one of Atlassian's, or one of *hosts* (with all names below it). Its addresses
    must be public; a wiki in a private network may also redirect to private addresses, a wiki on loopback to loopback.
    A wiki with https must not redirect to http.
    """

    home: str
    hosts: tuple[str, ...] = field(default=())

    def check(self, url: str, *, is_proxied: bool = False) -> None:
        """Raise `EgressError` if *url* is not allowed; with *is_proxied*, only the proxy can resolve the host name."""
        parts, home = urlsplit(url), urlsplit(self.home)
        host = parts.hostname or ""
        if parts.scheme not in PORTS or not host:
            raise EgressError("leads to what is no web address")
        if home.scheme == "https" and parts.scheme == "http":
            raise EgressError(f"leads from https to http at {host}")
        if host != home.hostname and not any(host == name or host.endswith(f".{name}") for name in self._names):
            raise EgressError(
                f"leads to {host}, which is not one of the wiki's hosts; if it is, add it to wiki.download_hosts"
            )
        try:
            addresses = resolve(host, parts.port or PORTS[parts.scheme])
        except OSError:
            if is_proxied:
                return
            raise EgressError(f"leads to {host}, a host name that is not known") from None
        for address in addresses:
            self.check_address(address)

    def check_address(self, address: IpAddress) -> None:
        """Raise `EgressError` if *address* is more private than the wiki."""
        found = reach(address)
        if found is Reach.SPECIAL or found > self._home_reach():
            raise EgressError(f"leads to {address}, which is inside a private network")

    @property
    def _names(self) -> tuple[str, ...]:
        return (*_ATLASSIAN, *self.hosts)

    def _home_reach(self) -> Reach:
        home = urlsplit(self.home)
        try:
            addresses = resolve(home.hostname or "", home.port or PORTS.get(home.scheme, 443))
        except OSError:
            return Reach.PUBLIC
        return max(map(reach, addresses))


peer_rule: ContextVar[RedirectRule | None] = ContextVar("peer_rule", default=None)
"""The rule that new connections of this thread check against the address that they are connected to.

The check of the name alone would miss a host name whose address changes between check and connection.
"""


def check_peer(connection: socket.socket) -> None:
    """Raise `EgressError` if the rule of this thread forbids the address that *connection* leads to."""
    rule = peer_rule.get()
    if rule is not None:
        rule.check_address(ipaddress.ip_address(str(connection.getpeername()[0]).partition("%")[0]))
