"""Sends messages to the addresses of the settings with Apprise: mail, Slack, Teams, Matrix, webhooks and many more.

Apprise is slow to import, so only a function that needs it imports it. It is told to follow no redirects.
"""

import logging
from typing import TYPE_CHECKING, Any

from bot.egress import PORTS, AddressRule, EgressError
from bot.errors import NotifyError
from bot.log import redact
from bot.notify.message import Message

if TYPE_CHECKING:
    from apprise import NotifyBase

_MOST_REASON = 300


def check_address(address: str) -> str:
    """Return the service that *address* belongs to; raises `NotifyError`, without the address, which is a secret."""
    plugin = _load(address)
    _refuse_special(plugin)
    return str(plugin.service_name)


def send_message(address: str, message: Message) -> None:
    """Send *message*; raises `NotifyError` with what the service said."""
    plugin = _load(address)
    _refuse_special(plugin)
    from apprise import LogCapture, NotifyType

    with LogCapture(level=logging.WARNING) as said:  # type: ignore[no-untyped-call]
        try:
            is_sent = plugin.notify(body=message.body, title=message.title, notify_type=NotifyType.INFO)
        except Exception as error:
            raise NotifyError(f"{plugin.service_name}: {redact(str(error))[:_MOST_REASON]}") from error
        reasons = [redact(line) for line in said.getvalue().splitlines()]
    if not is_sent:
        reason = "; ".join(line.partition(" - ")[2] or line for line in reasons) or "it was not sent"
        raise NotifyError(f"{plugin.service_name}: {reason[:_MOST_REASON]}")


def _load(address: str) -> "NotifyBase":
    if not address.strip():
        raise NotifyError(
            "it has no address; set the secret `notify.addresses`, for example in the file "
            "wikibot_notify__addresses__NAME in the secrets folder"
        )
    from apprise import Apprise, AppriseAsset, LogCapture

    asset = AppriseAsset(app_id="wikibot", app_desc="wikibot", http_redirects=False, async_mode=False)
    with LogCapture(level=logging.ERROR):  # type: ignore[no-untyped-call]
        found: Any = Apprise.instantiate(address.strip(), asset=asset, suppress_exceptions=True)
    if found is None:
        scheme = address.partition("://")[0] if "://" in address else ""
        known = (
            f" {scheme}:// is not complete, or not known" if scheme.isalnum() else " it does not begin with a scheme"
        )
        raise NotifyError(
            f"the address cannot be used:{known}; https://appriseit.com/services/ has the form of each service"
        )
    found.redirects = False  # whatever the address says
    return found  # type: ignore[no-any-return]


def _refuse_special(plugin: "NotifyBase") -> None:
    """Raise `NotifyError` if the host of an address is one that is never a target, such as a metadata service."""
    host = getattr(plugin, "smtp_host", None) or getattr(plugin, "host", None)
    if not isinstance(host, str) or not host:
        return  # the service has an address of its own
    shown = f"[{host}]" if ":" in host else host
    port = plugin.port if isinstance(plugin.port, int) else PORTS["https"]
    home = f"https://{shown}:{port}/"
    try:
        AddressRule(home).check(home, is_proxied=True)
    except EgressError as error:
        raise NotifyError(f"{plugin.service_name}: the address {error}") from error
