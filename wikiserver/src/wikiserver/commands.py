"""The command line: `wikiserver serve` and `wikiserver export`."""

import ipaddress
import secrets
import signal
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from wikiserver import passwords
from wikiserver.export import export_world
from wikiserver.faults import REQUEST_FAULTS, SITE_FAULTS, FaultSpecError
from wikiserver.passwords import Passwords
from wikiserver.seed import WorldError, seed_wiki
from wikiserver.server import LOOPBACK, WikiServer
from wikiserver.site import Flavour, Site
from wikiserver.store import ACCOUNTS, Store
from wikiserver.tokens import Client, Scopes

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


def _faults_help() -> str:
    lines = [f"{name}: {what}" for name, what in (REQUEST_FAULTS | SITE_FAULTS).items()]
    return "\b\nFaults, as KIND[=ARGUMENT][@OPERATION][*TIMES][%CHANCE], separated by commas:\n  " + "\n  ".join(lines)


@click.group(context_settings=_CONTEXT)
@click.version_option(package_name="wikibot-wikiserver")
def cli() -> None:
    """Run a small Confluence, for demonstrations and tests."""


@cli.command(epilog=_faults_help(), context_settings=_CONTEXT)
@click.option("--host", default=LOOPBACK, show_default=True, help="Address to listen on.")
@click.option("--port", default=8090, show_default=True, type=click.IntRange(0, 65535), help="0 takes a free one.")
@click.option("--media-port", default=0, type=click.IntRange(0, 65535), help="Port of Cloud's media host; 0 as --port.")
@click.option("--base-url", metavar="URL", help="Address that links in answers begin with.  [default: as requested]")
@click.option("--gateway", is_flag=True, help="Cloud: serve the API gateway, with scoped tokens and OAuth.")
@click.option("--scopes", metavar="LIST", help="Scopes of the tokens at the gateway, by commas.  [default: all]")
@click.option("--token-seconds", default=3600, show_default=True, help="How long an access token of OAuth is valid.")
@click.option("--flavour", default="datacenter", show_default=True, type=click.Choice(["cloud", "datacenter"]))
@click.option("--db", type=click.Path(dir_okay=False, path_type=Path), help="Keep the wiki in this file.")
@click.option("--seed", default="demo", show_default=True, help="demo, empty, or a world folder; only for a new wiki.")
@click.option("--generate-passwords", is_flag=True, help="Make new passwords, and print them once.")
@click.option(
    "--password-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Own passwords, as lines NAME:PASSWORD; other accounts cannot sign in.",
)
@click.option("--i-know", is_flag=True, help="Use the public passwords also on an address that others can reach.")
@click.option("--faults", default="", metavar="SPEC", help="Faults to simulate; see below.")
def serve(
    host: str,
    port: int,
    media_port: int,
    base_url: str | None,
    gateway: bool,
    scopes: str | None,
    token_seconds: int,
    flavour: Flavour,
    db: Path | None,
    seed: str,
    generate_passwords: bool,
    password_file: Path | None,
    i_know: bool,
    faults: str,
) -> None:
    """Serve the wiki until it is interrupted.

    The accounts admin, bot, ana, li and omar exist, each with the password NAME-secret and the token NAME-token. With
    --gateway, NAME-scoped is a scoped token, and the service account robot has the OAuth client robot-client with the
    secret robot-client-secret; the gateway is /ex/confluence/CLOUDID/wiki, access tokens come from /oauth/token.

    These passwords are public. On an address that others can reach, give --generate-passwords or --password-file: the
    password of an account is then also its token, and ten wrong ones close the account for a minute.
    """
    own = _choose_passwords(host, password_file, is_generated=generate_passwords, is_accepted=i_know)
    with _open(db) as store, _bound(store, flavour, host, (port, media_port)) as server:
        server.site.address = base_url
        _seed(store, seed)
        server.site.passwords = Passwords(own)
        server.site.tokens.lifetime_seconds = token_seconds
        if gateway:
            _open_gateway(server.site, frozenset(scopes.replace(" ", "").split(",")) if scopes else None)
        try:
            server.faults.add(faults)
        except FaultSpecError as error:
            raise click.ClickException(f"--faults: {error}") from error
        done = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: done.set())
        server.start()
        if generate_passwords:
            _say_passwords(server.site)
        click.echo(f"listening on {server.url}")
        done.wait()


def _choose_passwords(host: str, path: Path | None, *, is_generated: bool, is_accepted: bool) -> dict[str, str] | None:
    """Return own passwords, or None for the public ones, which are only for loopback unless that is accepted."""
    if path is not None and is_generated:
        raise click.UsageError("give --password-file or --generate-passwords, not both")
    if path is not None:
        try:
            return passwords.load(path)
        except passwords.PasswordFileError as error:
            raise click.ClickException(str(error)) from error
    if is_generated:
        return passwords.generate(ACCOUNTS)
    if not is_accepted and not _is_loopback(host):
        raise click.ClickException(
            f"others can reach {host or 'this address'}, and the passwords of this wiki are public; give "
            "--generate-passwords, --password-file FILE, or --i-know to use the public ones"
        )
    return None


def _is_loopback(host: str) -> bool:
    try:
        found = {str(each[4][0]).partition("%")[0] for each in socket.getaddrinfo(host or "0.0.0.0", None)}  # noqa: S104
    except OSError:
        return False  # the server reports the reason
    return all(ipaddress.ip_address(each).is_loopback for each in found)


def _say_passwords(site: Site) -> None:
    """Print the generated passwords; they are not stored anywhere."""
    for name, password in (site.passwords.own or {}).items():
        click.echo(f"{name}: {password}")
    for client_id, client in site.tokens.clients.items():
        click.echo(f"client {client_id}: {client.secret}")
    for text, token in site.tokens.issued.items():
        click.echo(f"scoped token of {token.account}: {text}")


def _open_gateway(site: Site, scopes: Scopes) -> None:
    """Add a service account with an OAuth client, and a scoped token for each account."""
    site.has_gateway = True
    is_public = site.passwords.own is None
    secret = "robot-client-secret" if is_public else secrets.token_urlsafe()
    site.store.people.add("robot", display_name="Robot", email="robot@serviceaccount.atlassian.com")
    site.tokens.service_accounts.add("robot")
    site.tokens.clients["robot-client"] = Client("robot", secret, scopes)
    for user in site.store.people.all():
        site.tokens.issue(user.name, scopes, text=f"{user.name}-scoped" if is_public else None)


@contextmanager
def _bound(store: Store, flavour: Flavour, host: str, ports: tuple[int, int]) -> Iterator[WikiServer]:
    """Bind the ports; stop the server at the end, even if it was never started."""
    port, media_port = ports
    try:
        server = WikiServer(store, flavour=flavour, host=host, port=port, media_port=media_port)
    except OSError as error:
        where = f"{host}:{port}" + (f" or {host}:{media_port}" if media_port else "")
        raise click.ClickException(f"cannot listen on {where}: {error.strerror}; choose another --port") from error
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def _open(db: Path | None) -> Iterator[Store]:
    try:
        store = Store(db)
    except sqlite3.Error as error:
        raise click.ClickException(f"{db}: not a wiki database: {error}") from error
    with store:
        yield store


def _seed(store: Store, seed: str) -> None:
    if store.spaces.all():
        return
    try:
        seed_wiki(store, seed)
    except WorldError as error:
        raise click.ClickException(str(error)) from error


@cli.command(context_settings=_CONTEXT)
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--db", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The wiki's file.")
@click.option("--seed", default="demo", show_default=True, help="Without --db: demo, or a world folder.")
@click.option("--space", "spaces", multiple=True, metavar="KEY", help="Only this space; may be given again.")
def export(folder: Path, db: Path | None, seed: str, spaces: tuple[str, ...]) -> None:
    """Write a wiki to FOLDER as files, from which `serve --seed FOLDER` makes the same wiki again."""
    with _open(db) as store:
        if db is None:
            _seed(store, seed)
        try:
            count = export_world(store, folder, space_keys=spaces)
        except WorldError as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{count} pages in {folder}")
