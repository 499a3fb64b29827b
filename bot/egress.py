"""The rule for all requests whose address comes from outside: to which hosts and addresses they may go.

A redirect, or a link on a page, must not lead the bot into the network that the bot runs in: to services of its own
machine, of the company network, or of the cloud provider (169.254.169.254). Only addresses in the settings may.
"""

import ipaddress
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum
from urllib.parse import SplitResult, urlsplit

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
PORTS = {"http": 80, "https": 443}
_ATLASSIAN = ("atlassian.com", "atlassian.net", "atl-paas.net", "atlassian-us-gov-mod.com", "atlassian-us-gov-mod.net")
"""Cloud serves attachments from api.media.atlassian.com; the government cloud has domains of its own."""


_MEDIA = re.compile(r"/file/[0-9A-Za-z-]+/binary")
"""Paths of Cloud's media service; the embedded wiki serves them from another port of its host."""
_METADATA = frozenset(
    map(
        ipaddress.ip_address,
        ("100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254", "fd00:42::42"),
    )
)
"""Metadata services outside the link-local networks: Alibaba, Azure, Oracle, AWS, Google, Scaleway."""
_TRANSLATED = tuple(map(ipaddress.IPv6Network, ("::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96")))
"""IPv4-mapped, IPv4-translated (RFC 2765) and NAT64 (RFC 6052): the last 32 bits are the address that is reached."""
_COMPATIBLE = ipaddress.IPv6Network("::/96")
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
_ALLOCATED = ipaddress.IPv6Network("2000::/3")
"""All that IANA has given out for the public IPv6 internet."""
_NOT_PUBLIC: dict[int, tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]] = {
    4: tuple(map(ipaddress.IPv4Network, ("192.0.0.0/24", "192.88.99.0/24"))),
    6: tuple(map(ipaddress.IPv6Network, ("2001::/23", "3ffe::/16", "3fff::/20"))),
}
"""Networks that versions of Python count as public: IETF protocols, relays of 6to4, 6bone, examples (RFC 9637)."""
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})


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
    if address in _METADATA:
        return Reach.SPECIAL
    if isinstance(address, ipaddress.IPv6Address):
        if (target := _find_target(address)) is not None:
            return reach(target)
        return max(_reach_itself(address), *map(reach, _find_inside(address)), Reach.PUBLIC)
    return _reach_itself(address)


def _reach_itself(address: IpAddress) -> Reach:
    if address.is_multicast or address.is_link_local or address.is_unspecified:
        return Reach.SPECIAL
    if address.is_loopback:
        return Reach.LOOPBACK
    is_reserved = address.is_reserved or any(address in network for network in _NOT_PUBLIC[address.version])
    is_allocated = isinstance(address, ipaddress.IPv4Address) or address in _ALLOCATED
    return Reach.PUBLIC if address.is_global and is_allocated and not is_reserved else Reach.PRIVATE


def _find_target(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that a network reaches under *address*, if it only represents one."""
    if any(address in network for network in _TRANSLATED):
        return _last_bits(address)
    return address.sixtofour


def _find_inside(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses that a tunnel or a translator may reach under *address*."""
    found = list(address.teredo or ())
    is_compatible = address in _COMPATIBLE and int(address) > 1
    if is_compatible or address in _LOCAL_NAT64 or (int(address) >> 32) & 0xFFFFFFFF in _ISATAP:
        found.append(_last_bits(address))
    if address in _LOCAL_NAT64:
        found += [each for each in _find_translated(address) if not each.is_unspecified]
    return found


def _find_translated(address: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    """Return the IPv4 addresses that prefixes of 48, 56 and 64 bits would mean; byte 8 has no part (RFC 6052, 2.2)."""
    packed = address.packed[:8] + address.packed[9:]
    return [ipaddress.IPv4Address(packed[length // 8 : length // 8 + 4]) for length in (48, 56, 64)]


def _last_bits(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address:
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)


def is_public(address: IpAddress) -> bool:
    """Return whether an address is on the public internet: not loopback, private, link-local or reserved."""
    return reach(address) is Reach.PUBLIC


def resolve(host: str, port: int) -> list[IpAddress]:
    """Return the addresses of *host*; raises `OSError` if the name is not known, or cannot be one."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except UnicodeError as error:  # labels that are empty, too long, or of characters that names do not have
        raise OSError("it is no host name") from error
    return list({ipaddress.ip_address(str(each[4][0]).partition("%")[0]): None for each in found})


@dataclass(frozen=True, slots=True)
class AddressRule:
    """To which addresses a request may lead that follows a redirect from *home*, an address that a person gave.

    They must be public; a wiki in a private network may also redirect to private addresses, a wiki on loopback to
    loopback.
    """

    home: str

    def check(self, url: str, *, is_proxied: bool = False) -> None:
        """Raise `EgressError` if *url* is not allowed; with *is_proxied*, only the proxy can resolve the host name."""
        _, host, port = _parts(url)
        try:
            addresses = resolve(host, port)
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

    def _home_reach(self) -> Reach:
        home = urlsplit(self.home)
        try:
            addresses = resolve(home.hostname or "", home.port or PORTS.get(home.scheme, 443))
        except OSError:
            return Reach.PUBLIC
        return max(map(reach, addresses))


@dataclass(frozen=True, slots=True)
class RedirectRule(AddressRule):
    """Where a redirect of a download from *home*, the address of the wiki, may lead.

    The host must be the one of the wiki, one of Atlassian's, or one of *hosts* (with all names below it). A wiki with
    https must not redirect to http. Another port of the wiki's host is another service: it is allowed only for what
    Cloud's media host serves, or if *hosts* names the host.
    """

    hosts: tuple[str, ...] = field(default=())

    def check(self, url: str, *, is_proxied: bool = False) -> None:
        """Raise `EgressError` if *url* is not allowed; with *is_proxied*, only the proxy can resolve the host name."""
        home = urlsplit(self.home)
        scheme, host, port = _parts(url)
        if home.scheme == "https" and scheme == "http":
            raise EgressError(f"leads from https to http at {host}")
        if not any(host == name or host.endswith(f".{name}") for name in (*_ATLASSIAN, *self.hosts)):
            if host != home.hostname:
                raise EgressError(
                    f"leads to {host}, which is not one of the wiki's hosts; if it is, add it to wiki.download_hosts"
                )
            if port not in _own_ports(home) and not _MEDIA.fullmatch(urlsplit(url).path):
                raise EgressError(
                    f"leads to port {port} of {host}, where another service may run; if it is the wiki, add {host} to "
                    "wiki.download_hosts"
                )
        AddressRule.check(self, url, is_proxied=is_proxied)


def _own_ports(home: SplitResult) -> tuple[int, ...]:
    """Return the ports of the wiki; one on port 80 may redirect to https."""
    port = home.port or PORTS.get(home.scheme, 0)
    return (port, PORTS["https"]) if port == PORTS["http"] else (port,)


def _parts(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of a web address; raises `EgressError`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise EgressError("leads to what is no web address") from error
    if not host or parts.scheme not in PORTS:
        raise EgressError("leads to what is no web address")
    return parts.scheme, host, port


_peer_rule: ContextVar[AddressRule | None] = ContextVar("peer_rule", default=None)


@contextmanager
def guarded(rule: AddressRule, url: str, *, is_proxied: bool) -> Iterator[None]:
    """Check *url*, and in this block the address of each new connection of this thread; raises `EgressError`.

    The check of the name alone would miss a host name whose address changes between check and connection.
    """
    rule.check(url, is_proxied=is_proxied)
    token = _peer_rule.set(rule)
    try:
        yield
    finally:
        _peer_rule.reset(token)


def check_peer(connection: socket.socket) -> None:
    """Raise `EgressError` if the rule of this thread forbids the address that *connection* leads to."""
    rule = _peer_rule.get()
    if rule is not None:
        rule.check_address(ipaddress.ip_address(str(connection.getpeername()[0]).partition("%")[0]))
