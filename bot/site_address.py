"""Recognise the address of a wiki in every form that people use; no other module decides this.

Cloud has two base addresses: the site `https://NAME.atlassian.net/wiki`, and the API gateway
`https://api.atlassian.com/ex/confluence/CLOUDID/wiki`. Scoped tokens and access tokens of OAuth 2.0 work at the gateway
only, classic API tokens at the site only.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

GATEWAY = "https://api.atlassian.com"
_CLOUD_HOSTS = ("atlassian.net", "atlassian-us-gov-mod.net", "jira.com", "api.atlassian.com")
_CLOUD_ID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_AT_GATEWAY = re.compile(r"(?P<host>https?://[^/]+)/ex/confluence/(?P<cloud_id>[\w-]+)(?:/.*)?", re.IGNORECASE)
_BELOW_BASE = re.compile(r"/(?:(?:display|spaces|pages|x|rest|plugins|download)/.+|[\w-]+\.action)", re.IGNORECASE)
"""The path of a page or another part of a wiki, behind its base address."""
_LOCAL = ("localhost", "127.0.0.1", "[::1]")


@dataclass(frozen=True, slots=True)
class SiteAddress:
    """The address of a wiki. *cloud_id* is given if the address is that of the API gateway."""

    url: str
    is_cloud: bool
    cloud_id: str | None = None

    @property
    def is_gateway(self) -> bool:
        """Whether the address is that of the API gateway, which people cannot open."""
        return self.cloud_id is not None


def recognise(text: str, *, is_cloud: bool | None = None) -> SiteAddress:
    """Return the base address that *text* means.

    *text* is a cloud id, a gateway address, a site with or without `/wiki`, or the address of one of its pages.
    *is_cloud* is the setting `wiki.flavour`, for hosts whose name does not show it: all hosts that are not Atlassian's
    are Data Center, unless the setting says Cloud.
    """
    url = with_scheme(text).partition("?")[0].partition("#")[0].rstrip("/")
    if match := _AT_GATEWAY.fullmatch(url):
        return _at_gateway(match["host"], match["cloud_id"])
    if is_cloud_host(url):
        parts = urlsplit(url)
        return SiteAddress(f"{parts.scheme}://{parts.netloc}/wiki", is_cloud=True)
    parts = urlsplit(url)
    if parts.netloc:
        url = f"{parts.scheme}://{parts.netloc}{_BELOW_BASE.split(parts.path, maxsplit=1)[0]}"
    return SiteAddress(url, is_cloud=bool(is_cloud))


def gateway_address(cloud_id: str, host: str = GATEWAY) -> SiteAddress:
    """Return the address of a site at the API gateway."""
    return _at_gateway(host.rstrip("/"), cloud_id)


def _at_gateway(host: str, cloud_id: str) -> SiteAddress:
    return SiteAddress(f"{host}/ex/confluence/{cloud_id}/wiki", is_cloud=True, cloud_id=cloud_id)


def with_scheme(text: str) -> str:
    """Return *text* as an address: a bare cloud id becomes a gateway address; https is added, or http on loopback."""
    text = text.strip()
    if _CLOUD_ID.fullmatch(text):
        return gateway_address(text).url
    if "://" in text or not text:
        return text
    return f"{'http' if text.startswith(_LOCAL) else 'https'}://{text}"


def is_cloud_host(url: str) -> bool:
    """Return whether the host of *url* is one of Atlassian's."""
    host = urlsplit(url).hostname or ""
    return any(host == name or host.endswith(f".{name}") for name in _CLOUD_HOSTS)


@lru_cache(maxsize=256)
def origin(url: str) -> tuple[str, str | None, int | None]:
    """Return scheme, host and port of an address."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)
