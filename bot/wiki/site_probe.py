"""Ask an address which flavour of Confluence answers there, and what its base address is."""

import re
from contextlib import nullcontext
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

import requests

from bot.egress import AddressRule, EgressError, guarded
from bot.errors import UntrustedCertificateError, WikiAnswerError, WikiUnreachableError
from bot.log import redact
from bot.site_address import is_cloud_host, origin, recognise
from bot.wiki.deadline import Deadline, DeadlineAdapter
from bot.wiki.dialect import Flavour
from bot.wiki.failures import describe_unreached, shorten_address
from bot.wiki.proxies import as_proxies, find_proxy
from bot.wiki.session import Network
from bot.wiki.tls import describe_tls_failure, is_untrusted

_CLOUD_SIGN_IN = "id.atlassian.com"
_TIMEOUT_SECONDS = (10.0, 20.0)
_TOTAL_SECONDS = 30.0
_MAX_HOPS = 5
_MAX_BYTES = 256 * 1024
_CHUNK_BYTES = 16 * 1024
# The first segment of a path that is a place in the wiki, not part of its base address.
_PLACE_IN_WIKI = re.compile(
    r"/(?:[^/]*\.action|pages|display|spaces|x|rest|api|label|labels|download|plugins|s|login|status|setup|people|users)"
    r"(?=/|$)"
)
_META = r"<meta\b(?=[^>]*\bname=[\"']{name}[\"'])[^>]*\bcontent=[\"']([^\"']*)[\"']"


@dataclass(frozen=True, slots=True)
class Site:
    """The answer at an address: *url* is the base address, *flavour* is None if the answer does not show it."""

    url: str
    flavour: Flavour | None
    has_own_domain: bool = False


def probe_site(url: str, *, network: Network | None = None) -> Site:
    """Probe *url* with one request without credentials, and one more for each redirect.

    *url* may be the address of any page of the wiki. Observed: Cloud answers with `Server: AtlassianEdge` and
    `Atl-Request-Id`, and redirects to id.atlassian.com for sign-in; both flavours of Confluence send
    `X-Confluence-Request-Time`, also on the redirect to the login page. Raises `WikiUnreachableError`
    if there is no answer, `WikiAnswerError` if no such Cloud site exists.
    """
    known = recognise(url)
    if known.is_gateway:
        return Site(known.url, Flavour.CLOUD)
    if known.is_cloud:
        url = known.url
    network = replace(network or Network(), home=url)
    with requests.Session() as session:
        session.trust_env = False  # `requests` would send credentials from a .netrc file
        for _hop in range(_MAX_HOPS):
            answer = _get(session, url, network)
            target = _target(url, answer)
            site = _identify(url, answer, target)
            if site is not None:
                return site
            if target is None:
                break
            url = target
    return Site(_origin(url) + _without_place(urlsplit(url).path), None)


def _get(session: requests.Session, url: str, network: Network) -> requests.Response:
    is_home = origin(url) == origin(network.home)
    proxy = find_proxy(url, network.proxy)
    headers = {"User-Agent": "wikibot", "Accept": "text/html,application/json"}
    session.mount(url, DeadlineAdapter(network.context(is_home=is_home) if url.startswith("https") else None))
    rule = guarded(AddressRule(network.home), url, is_proxied=proxy is not None)
    try:
        with Deadline(_TOTAL_SECONDS), nullcontext() if is_home else rule:
            response = session.get(
                url,
                headers=headers | dict(network.headers if is_home else {}),
                timeout=_TIMEOUT_SECONDS,
                allow_redirects=False,
                stream=True,
                proxies=as_proxies(proxy),
            )
            pieces, size = [], 0
            for piece in response.iter_content(_CHUNK_BYTES):
                pieces.append(piece)
                size += len(piece)
                if size > _MAX_BYTES:
                    break
    except EgressError as error:
        raise WikiAnswerError(f"{shorten_address(network.home)}: the redirect of this address {error}") from error
    except requests.exceptions.SSLError as error:
        message = f"{shorten_address(url)}: {describe_tls_failure(error)}"
        raise (UntrustedCertificateError if is_untrusted(error) else WikiUnreachableError)(message) from error
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        raise WikiUnreachableError(f"{shorten_address(url)}: {describe_unreached(error, proxy)}") from error
    except (requests.RequestException, OSError) as error:
        raise WikiUnreachableError(f"{shorten_address(url)}: {redact(str(error))}") from error
    finally:
        session.cookies.clear()
    response._content = b"".join(pieces)  # noqa: SLF001 -- requests has no public way to cap the size of a body
    response.close()
    if response.status_code == requests.codes.proxy_authentication_required and proxy is not None:
        raise WikiUnreachableError(f"{shorten_address(url)}: {proxy.explain_refusal()}")
    return response


def _identify(url: str, answer: requests.Response, target: str | None) -> Site | None:
    headers = answer.headers
    is_at_cloud = headers.get("Server") == "AtlassianEdge" or "Atl-Request-Id" in headers
    if is_at_cloud or (target is not None and urlsplit(target).hostname == _CLOUD_SIGN_IN):
        if answer.status_code == requests.codes.not_found:
            host = urlsplit(url).hostname
            raise WikiAnswerError(f"{shorten_address(url)}: there is no Confluence Cloud site {host}; check the name")
        return Site(_origin(url) + "/wiki", Flavour.CLOUD, has_own_domain=_has_own_domain(url))
    page = answer.text if "html" in headers.get("Content-Type", "") else ""
    if "X-Confluence-Request-Time" not in headers and _meta(page, "confluence-request-time") is None:
        return None
    context = _meta(page, "ajs-context-path")
    if context is None and answer.status_code == requests.codes.not_found:
        context = urlsplit(url).path.rstrip("/").rpartition("/")[0]  # Confluence answers, but not at this address
    if context is None:
        is_here = target is not None and _origin(target) == _origin(url)
        context = _without_place(urlsplit(target if is_here and target else url).path)
    return Site(_origin(url) + context.rstrip("/"), Flavour.DATA_CENTER)


def _target(url: str, answer: requests.Response) -> str | None:
    """Return the target of a redirect, or None."""
    if not answer.is_redirect:
        return None
    try:
        target = urljoin(url, answer.headers["Location"])
        _ = urlsplit(target).port
    except ValueError:
        return None
    return target if urlsplit(target).scheme in {"http", "https"} else None


def _meta(page: str, name: str) -> str | None:
    found = re.search(_META.format(name=re.escape(name)), page, re.IGNORECASE)
    return found[1] if found else None


def _without_place(path: str) -> str:
    found = _PLACE_IN_WIKI.search(path)
    return (path[: found.start()] if found else path).rstrip("/")


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _has_own_domain(url: str) -> bool:
    """Return whether a Cloud site answers under a custom domain, where it does not accept tokens (AX-649, AX-664)."""
    host = urlsplit(url).hostname or ""
    return not is_cloud_host(url) and host not in {"localhost", "127.0.0.1", "::1"}
