"""The addresses of one wiki: where requests go (site or API gateway), and the public address that people see."""

import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import requests

from bot.egress import Reach, reach, resolve
from bot.errors import RateLimitedError, WikiAnswerError, WikiError, WikiUnreachableError
from bot.log import logger
from bot.site_address import GATEWAY, SiteAddress, gateway_address, is_cloud_host
from bot.wiki.failures import said_by_wiki, shorten_address
from bot.wiki.scopes import is_scope_failure

_GOVERNMENT = "atlassian-us-gov-mod.net"
Get = Callable[[str], requests.Response]


class Endpoint:
    """The base address of all requests. Thread-safe.

    *address* is the configured one. If the sign-in needs the gateway and a site is configured, the gateway address is
    made of the site's cloud id, which `/_edge/tenant_info` of the site shows to everyone. Without *access*, a Cloud
    site is tried first, and the gateway after the first 401: API tokens do not show whether they are scoped.
    """

    def __init__(self, address: SiteAddress, *, access: str | None, gateway: str | None, needs_gateway: bool) -> None:
        self.configured = address
        self._gateway = gateway
        self._is_wanted = address.is_cloud and (access == "gateway" or (access is None and needs_gateway))
        self._may_switch = address.is_cloud and access is None and not address.is_gateway
        self._current = None if self._is_wanted and not address.is_gateway else address
        self._lock = threading.RLock()

    def current(self, ask: Get) -> SiteAddress:
        """Return the address for requests; *ask* sends a GET without credentials."""
        with self._lock:
            if self._current is None:
                self._current = self._derive(ask)
            return self._current

    def peek(self) -> SiteAddress:
        """Return the address for requests, or the configured one before the first request."""
        return self._current or self.configured

    def switch(self, used: str, *, ask: Get, ask_signed_in: Get) -> bool:
        """After a 401 at the base address *used*, try the gateway once; return whether requests go elsewhere now."""
        with self._lock:
            if self._current is not None and self._current.url != used:
                return True  # another thread has switched
            if not self._may_switch:
                return False
            self._may_switch = False
            try:
                candidate = self._derive(ask)
                answer = ask_signed_in(f"{candidate.url}/rest/api/user/current")
            except WikiError as error:
                logger.debug("the API gateway was not tried: {}", error)
                return False
            category = answer.headers.get("X-Failure-Category", "")
            if not answer.ok and not is_scope_failure(said_by_wiki(answer), category):
                return False
            logger.info("{} takes no scoped token; requests go to {}", shorten_address(used), candidate.url)
            self._current = candidate
            return True

    def _derive(self, ask: Get) -> SiteAddress:
        parts = urlsplit(self.configured.url)
        site = f"{parts.scheme}://{parts.netloc}"
        host = self._gateway or self._default_gateway(site)
        url = f"{site}/_edge/tenant_info"
        answer = ask(url)
        cloud_id = _cloud_id(answer)
        if cloud_id is None:
            raise WikiAnswerError(
                f"{url}: the answer {answer.status_code} has no cloud id, so the address of the API gateway is not "
                "known; set wiki.url to https://NAME.atlassian.net, or to "
                "https://api.atlassian.com/ex/confluence/CLOUDID/wiki"
            )
        return gateway_address(cloud_id, host)

    def _default_gateway(self, site: str) -> str:
        """Return the host of the gateway: Atlassian's, or the wiki itself if it is on loopback (the embedded wiki)."""
        host = urlsplit(site).hostname or ""
        if host.endswith(_GOVERNMENT):
            raise WikiAnswerError(
                f"{host}: the API gateway of the government cloud is not documented; set wiki.gateway"
            )
        return site if not is_cloud_host(site) and is_loopback(host) else GATEWAY


def is_loopback(host: str) -> bool:
    """Return whether a host name leads to this machine."""
    try:
        return all(reach(address) is Reach.LOOPBACK for address in resolve(host, 443))
    except OSError:
        return False


def _cloud_id(answer: requests.Response) -> str | None:
    try:
        found = answer.json()
    except ValueError:
        return None
    cloud_id = found.get("cloudId") if isinstance(found, dict) else None
    return cloud_id if answer.ok and isinstance(cloud_id, str) and cloud_id else None


class PublicAddress:
    """The address under which people open the wiki: for messages, links and evidence.

    It is the setting *given*, or the address of a Cloud site, or what the wiki says in `_links.base` of its answers.
    The configured address may be the API gateway, or a name that only the company network knows.
    """

    def __init__(self, configured: SiteAddress, *, given: str | None, ask: Callable[[], object]) -> None:
        self._configured = configured
        is_certain = is_cloud_host(configured.url) and not configured.is_gateway
        self._found = given or (configured.url if is_certain else None)
        self._ask = ask

    def learn(self, answer: Any) -> None:
        """Take over `_links.base` of an answer, unless the public address is known."""
        links = answer.get("_links") if self._found is None and isinstance(answer, dict) else None
        base = links.get("base") if isinstance(links, dict) else None
        if isinstance(base, str) and self._is_credible(base):
            self._found = base.rstrip("/")

    def get(self) -> str:
        """Return the address; the first time, this may need a request.

        Raises `WikiUnreachableError` or `RateLimitedError` if the wiki does not answer.
        """
        if self._found is None:
            try:
                self._ask()
            except (WikiUnreachableError, RateLimitedError):
                raise
            except WikiError as error:
                logger.debug("the public address of the wiki was not read: {}", error)
                return self._configured.url
        found = self._found or self._configured.url
        self._found = found
        return found

    def _is_credible(self, base: str) -> bool:
        """Return whether *base* may be shown: a web address, and no name of the server for itself (localhost)."""
        try:
            parts = urlsplit(base)
            is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.username is None
        except ValueError:
            return False
        if not is_web or parts.query or "/ex/confluence/" in parts.path:
            return False
        return is_loopback(urlsplit(self._configured.url).hostname or "") or not is_loopback(parts.hostname or "")
