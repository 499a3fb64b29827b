"""Make the parts of a connection from the settings of a wiki: sign-in and network."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from pydantic import SecretStr

from bot.config.policy import WikiSettings
from bot.config.secret_binding import variable_of
from bot.errors import SettingsError
from bot.plural import counted
from bot.site_address import origin
from bot.wiki.credentials import CLOUD_TOKEN_URL, SERVER_TOKEN_PATH, ClientCredentials, Credentials, SignIn
from bot.wiki.dialect import Flavour
from bot.wiki.endpoint import is_loopback
from bot.wiki.pause import Pause
from bot.wiki.session import Network
from bot.wiki.tls import ClientCertificate, make_context

PAUSE_FILE = "paused-until.txt"
_WARNING_DAYS = 14


def make_sign_in(wiki: WikiSettings, flavour: Flavour, section: str = "wiki") -> SignIn:
    """Return the way to sign in to the wiki of a *section*; raises `SettingsError` if the settings have none."""
    if wiki.client_id is not None:
        if wiki.client_secret is None:
            variable = variable_of(section, "client_secret")
            raise SettingsError(
                f"{section}.client_id is set without its secret; set {variable} or use the secrets folder"
            )
        is_cloud = flavour is Flavour.CLOUD
        token_url = wiki.token_url or _token_url(wiki.url, is_cloud=is_cloud)
        return ClientCredentials(wiki.client_id, _plain(wiki.client_secret), token_url, is_cloud=is_cloud)
    secret = wiki.token or wiki.password
    if secret is None:
        raise SettingsError(
            f"names no token for the wiki; set {variable_of(section, 'token')} or put it in the secrets folder",
        )
    return Credentials(user=wiki.user, token=_plain(secret))


def _token_url(url: str, *, is_cloud: bool) -> str:
    if not is_cloud:
        return url.rstrip("/") + SERVER_TOKEN_PATH
    scheme, host, port = origin(url)
    return f"{scheme}://{host}:{port}/oauth/token" if is_loopback(host or "") else CLOUD_TOKEN_URL


def make_network(wiki: WikiSettings, resolve: Callable[[Path], Path], *, state: Path | None = None) -> Network:
    """Return how the wiki is reached; *resolve* makes paths absolute. Raises `SettingsError` for a missing file.

    The pause that the wiki asked for is remembered in the folder *state*.
    """
    certificate = None
    if wiki.client_certificate is not None:
        key = resolve(wiki.client_key) if wiki.client_key else None
        password = _plain(wiki.client_key_password) if wiki.client_key_password else None
        certificate = ClientCertificate(resolve(wiki.client_certificate), key, password)
    ca_bundle = resolve(wiki.ca_bundle) if wiki.ca_bundle else None
    if ca_bundle is not None or certificate is not None:
        make_context(ca_bundle, certificate)
    return Network(
        home=wiki.url,
        download_hosts=wiki.download_hosts,
        ca_bundle=ca_bundle,
        certificate=certificate,
        proxy=_plain(wiki.proxy) if wiki.proxy else None,
        headers={name: value.get_secret_value() for name, value in wiki.headers.items()},
        pause=Pause(state / PAUSE_FILE if state else None, wiki=wiki.url),
    )


def _plain(secret: SecretStr) -> str:
    return secret.get_secret_value().strip()


def warn_of_expiry(expires: date | None, today: date) -> str | None:
    """Return a warning if the token expires within two weeks, or has expired."""
    if expires is None or (days := (expires - today).days) > _WARNING_DAYS:
        return None
    when = "expired" if days < 0 else "expires today," if days == 0 else f"expires in {counted(days, 'day')},"
    return (
        f"the token of the wiki {when} on {expires.isoformat()} (wiki.token_expires); make a new one, put it where the "
        "old one was, and set the new date"
    )
