"""Why a try failed: in a few words for people, and whether it may pass."""

import math
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import requests


class TransientError(Exception):
    """A try that failed in a way that may pass; *status* is None when no answer came."""

    def __init__(self, message: str, *, status: int | None = None, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status, self.retry_after = status, retry_after


def parse_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Read a Retry-After header, seconds or HTTP date, as seconds from *now*; None when absent or senseless."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - now).total_seconds()
    return max(0.0, seconds) if math.isfinite(seconds) else None


def shorten_address(url: str) -> str:
    """Shorten an address to what may be shown: no user, no query (tokens of download links live there)."""
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


def describe_tls_failure(error: Exception) -> str:
    if "CERTIFICATE_VERIFY_FAILED" not in str(error):
        return "no secure connection can be made; is it an https address?"
    reason = str(error).rpartition("certificate verify failed: ")[2].partition(" (_ssl")[0]
    return f"its certificate is not trusted ({reason}); name the certificate authority's file in wiki.ca_bundle"


def describe_loss(error: Exception) -> str:
    """Say in a few words why no answer came; urllib3's own messages quote objects and addresses."""
    match error:
        case requests.exceptions.ConnectTimeout():
            return "no connection in time"
        case requests.Timeout():
            return str(error) if str(error).startswith("no whole answer") else "no answer in time"
        case requests.exceptions.ProxyError():
            return "the proxy does not let us through"
    text = str(error)
    if "NameResolutionError" in text or "getaddrinfo" in text:
        return "the host name is not known"
    if "refused" in text:
        return "the connection was refused"
    return "the connection was lost before the answer was whole"
