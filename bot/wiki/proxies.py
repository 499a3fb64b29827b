"""The proxy for a request: from `wiki.proxy` or the environment, and what to do when it refuses or does not answer."""

import ipaddress
import os
from dataclasses import dataclass
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy, should_bypass_proxies

from bot.egress import Reach, reach
from bot.errors import SettingsError

_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
_VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy; *source* is the setting or variable that names it."""

    url: str
    source: str

    @property
    def name(self) -> str:
        """Host and port, without the account."""
        parts = urlsplit(self.url)
        return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)

    @property
    def has_account(self) -> bool:
        """Whether the address has a name and a password."""
        return urlsplit(self.url).username is not None

    def explain_refusal(self) -> str:
        """Return what a 407 of this proxy means."""
        if self.has_account:
            return (
                f"the proxy {self.name} refuses the name or password in {self.source} (407); correct them "
                "(special characters in a password are percent-encoded)"
            )
        return (
            f"the proxy {self.name} asks for a name and a password (407); "
            f"set {self.source} to http://NAME:PASSWORD@{self.name}"
        )

    def explain_silence(self, reason: str) -> str:
        """Return what a failed connection to this proxy means."""
        return (
            f"the proxy {self.name} from {self.source} does not answer ({reason}); check its address, or add the host "
            "of the wiki to NO_PROXY if the wiki can be reached without it"
        )


def find_proxy(url: str, setting: str | None) -> Proxy | None:
    """Return the proxy for *url*: *setting* (`wiki.proxy`) or that of the environment; `NO_PROXY` excludes hosts.

    The proxy of the environment cannot reach this machine, and what is sent here is for nobody else.

    Raises `SettingsError` for an address that is none.
    """
    if setting is not None:
        return None if should_bypass_proxies(url, no_proxy=None) else _checked(Proxy(setting, "wiki.proxy"))
    found = select_proxy(url, get_environ_proxies(url))
    if not found or _is_this_machine(urlsplit(url).hostname or ""):
        return None
    return _checked(Proxy(found if "://" in found else f"http://{found}", _variable(found)))


def _is_this_machine(host: str) -> bool:
    """Return whether a host is this machine by its name or number; other names are for the proxy to resolve."""
    try:
        return reach(ipaddress.ip_address(host)) is Reach.LOOPBACK
    except ValueError:
        return host == "localhost"


def _checked(proxy: Proxy) -> Proxy:
    try:
        parts = urlsplit(proxy.url)
        is_address = parts.scheme.lower() in _SCHEMES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:  # the address may have a password, so it is not shown
        raise SettingsError(
            f"{proxy.source} is not the address of a proxy: write http://HOST:PORT or socks5://HOST:PORT"
        )
    return proxy


def as_proxies(proxy: Proxy | None) -> dict[str, str]:
    """Return the form in which `requests` takes a proxy; names are resolved by a SOCKS proxy, not here."""
    if proxy is None:
        return {}
    url = proxy.url.replace("socks5://", "socks5h://", 1).replace("socks4://", "socks4a://", 1)
    return {"http": url, "https": url}


def _variable(value: str) -> str:
    for name in _VARIABLES:
        for spelled in (name, name.lower()):
            if os.environ.get(spelled) == value:
                return spelled
    return "the proxy settings of this machine"
