"""A secret goes to its own host only: the one that it was stored for, or the one that the settings file names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bot.config.policy import WikiSettings
from bot.errors import SettingsError
from bot.site_address import is_cloud_host, recognise

TOKEN_HOST = "token_host"  # noqa: S105 -- the name of a key
_SECRETS = ("token", "password", "client_secret")
_ADDRESSES = ("url", "gateway", "token_url")
_SIGN_IN_HOST = "auth.atlassian.com"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class WikiOrigins:
    """The settings by where they are set, in the order of precedence; `below`: those of one section."""

    environment: Mapping[str, Any] = field(default_factory=dict, repr=False)
    dotenv: Mapping[str, Any] = field(default_factory=dict, repr=False)
    secrets: Mapping[str, Any] = field(default_factory=dict, repr=False)
    settings: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def in_order(self) -> tuple[Mapping[str, Any], ...]:
        """All of them, that of the highest precedence first."""
        return self.environment, self.dotenv, self.secrets, self.settings

    def below(self, location: Sequence[object]) -> "WikiOrigins":
        """Return the keys of the section at *location*."""
        return WikiOrigins(*(_values_at(values, location) for values in self.in_order))


def _values_at(values: Mapping[str, Any], location: Sequence[object]) -> Mapping[str, Any]:
    found: Any = values
    for step in location:
        found = found.get(step) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def check_binding(wiki: WikiSettings, origins: WikiOrigins, section: str = "wiki") -> None:
    """Raise `SettingsError` if a secret of *section* would be sent to another host than its own.

    Without a stored host, an address does not lead a secret that is set elsewhere to another host than the one that a
    place of lower precedence names.
    """
    bound = origins.secrets.get(TOKEN_HOST) or origins.settings.get(TOKEN_HOST) or wiki.token_host
    if bound is not None:
        _check_hosts(wiki, str(bound), section)
        return
    of_secret = next((each for each in origins.in_order if any(each.get(key) for key in _SECRETS)), None)
    for key in _ADDRESSES:
        named = [each for each in origins.in_order if each.get(key)]
        if of_secret is None or not named or named[0] is of_secret:
            continue
        here, *others = (host_of(recognise(str(each[key])).url) for each in named)
        if other := next((host for host in others if host != here), None):
            where = " in .env" if named[0] is origins.dotenv else ""
            raise SettingsError(
                f"{variable_of(section, key)}{where} leads to {here}, but the settings name {other}, and the token is "
                f"set elsewhere; nothing was sent. If the token is for {here}, set {section}.token_host to that"
            )


def variable_of(section: str, key: str) -> str:
    """Return the name of the environment variable for a key of a section."""
    return "WIKIBOT_" + "__".join((*section.split("."), key)).upper()


def _check_hosts(wiki: WikiSettings, bound: str, section: str) -> None:
    allowed = {each.strip().lower() for each in bound.split(",")}
    for key in _ADDRESSES:
        url = getattr(wiki, key)
        if url is None or _is_atlassian_service(key, url):
            continue
        if host_of(url) not in allowed:
            raise SettingsError(
                f"the token is for {bound.strip()} only ({section}.token_host), but {section}.{key} leads to "
                f"{host_of(url)}; nothing was sent. Correct the address; if the token is a new one, correct "
                f"{section}.token_host, which "
                "`wikibot init` stores in the secrets folder next to the token"
            )


def _is_atlassian_service(key: str, url: str) -> bool:
    """Return whether the address is that of Atlassian's own gateway or token service, over https."""
    parts = urlsplit(url)
    if parts.scheme != "https" or key == "url":
        return False
    return parts.hostname == _SIGN_IN_HOST or is_cloud_host(url)


def host_of(url: str) -> str:
    """Return the host of an address, with the port unless it is that of https; the form of `wiki.token_host`."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or _PORTS.get(parts.scheme)
    shown = f"[{host}]" if ":" in host else host
    return shown if port == _PORTS["https"] else f"{shown}:{port}"
