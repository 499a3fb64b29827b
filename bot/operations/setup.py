"""Set up: find the wiki, sign in, choose space and home page, write settings, token, key and data file."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Self

from pydantic import SecretStr, ValidationError

from bot.config.data_file import DataFile
from bot.config.data_model import Home, WorkspaceData
from bot.config.policy import ArchivedSettings, HistoryMode, SnapshotSettings, WikiSettings, WorkspaceSettings
from bot.config.schemas import SETTINGS_SCHEMA_NAME, write_schemas
from bot.config.secret_binding import TOKEN_HOST, host_of
from bot.config.settings import Settings, load_overrides, load_settings, secrets_folders
from bot.errors import SettingsError
from bot.file_format import FileDocument, FileFormatError, NewerFormatError
from bot.files import STATE_FOLDER, read_file, replace_file
from bot.site_address import recognise, with_scheme
from bot.snapshot.archive.signature import Signer
from bot.snapshot.capture.selection import select
from bot.wiki.connection import make_network
from bot.wiki.dialect import Flavour
from bot.wiki.gateway import PageRef, WikiGateway
from bot.wiki.page_tree import build_tree
from bot.wiki.site_probe import Site, probe_site

TOKEN_VARIABLE = "WIKIBOT_WIKI__TOKEN"  # noqa: S105 -- the name of a variable
_TOKEN_FILE = "wikibot_wiki__token"  # noqa: S105 -- the name of a file
_TOKEN_HOST_FILE = "wikibot_wiki__token_host"  # noqa: S105 -- the name of a file
_CLIENT_SECRET_FILE = "wikibot_wiki__client_secret"  # noqa: S105 -- the name of a file
_ARCHIVE, _ARCHIVED = "Archive", "archived"
_KEY, _SIGNERS = "snapshots-key", "allowed_signers"
_KEYGEN_SECONDS = 60
_IGNORED = ("/secrets/", f"/{_KEY}", f"/{STATE_FOLDER}/", ".env")
"""Lines of `.gitignore`: the folder is often a git repository, and secrets must not become commits."""
_SAMPLE = 5
"""Pages that are read for an estimate."""


class Answers(FileDocument):
    """`init.json`: the answers of an interrupted `init`, without the token. The file can be deleted."""

    KIND: ClassVar[str] = "wikibot-init"

    format: Literal["wikibot-init/1"] = "wikibot-init/1"
    """Format of the file."""
    url: str | None = None
    """Base address of the wiki."""
    flavour: str | None = None
    """Kind of Confluence: `cloud` or `datacenter`."""
    ca_bundle: str | None = None
    """PEM file with the certificates of a private certificate authority."""
    user: str | None = None
    """Account name; none for a personal access token."""
    client_id: str | None = None
    """Client id of an OAuth 2.0 credential, instead of account and token."""
    access: str | None = None
    """`gateway` if the token works at the API gateway of Cloud only."""
    space_key: str | None = None
    """Key of the space."""
    home: str | None = None
    """Title or id of the home page."""
    name: str | None = None
    """Short name of the workspace."""

    @classmethod
    def recall(cls, config: Path) -> Self:
        """Return the answers that an interrupted `init` saved for this settings file."""
        path = _draft(config)
        try:
            return cls.parse(read_file(path))
        except NewerFormatError as error:
            raise SettingsError(f"the saved answers {error}, or delete the file", path=path) from error
        except (OSError, FileFormatError):
            return cls()

    def keep(self, config: Path) -> Path | None:
        """Save the answers for the next `init`; return the path of the file, or None if there are none."""
        if self == type(self)():
            return None
        path = _draft(config)
        replace_file(path, (json.dumps(self.content(), indent=2, ensure_ascii=False) + "\n").encode(), is_private=True)
        return path

    @staticmethod
    def forget(config: Path) -> None:
        """Delete the saved answers."""
        _draft(config).unlink(missing_ok=True)


def _draft(config: Path) -> Path:
    return config.absolute().parent / STATE_FOLDER / "init.json"


def set_aside(config: Path) -> Path:
    """Rename the settings file; return its new path."""
    number = 1
    while (aside := config.with_name(f"{config.name}.{number}")).exists():
        number += 1
    return config.rename(aside)


def find_site(
    address: str, *, flavour: str | None = None, ca_bundle: str | None = None, wiki: WikiSettings | None = None
) -> Site:
    """Probe the address for a wiki; a given *flavour* is not checked. *wiki* says how the network is passed.

    An address without a scheme gets https; an address of the local machine gets http.
    """
    address = with_scheme(address)
    try:
        url = WikiSettings(url=address.partition("?")[0].partition("#")[0]).url
    except ValidationError as problem:
        raise SettingsError(f"{address!r} {problem.errors()[0]['msg'].removeprefix('Value error, ')}") from problem
    if ca_bundle is not None and not Path(ca_bundle).expanduser().is_file():
        raise SettingsError(f"{ca_bundle}: there is no such file; it must contain certificates in PEM format")
    bundle = Path(ca_bundle) if ca_bundle else None
    known = (wiki or WikiSettings()).model_copy(update={"url": url, "ca_bundle": bundle})
    site = probe_site(url, network=make_network(known, Path.expanduser))
    if flavour is None or site.flavour is Flavour(flavour):
        return site
    return Site(recognise(url, is_cloud=flavour == Flavour.CLOUD).url, Flavour(flavour))


def load_given(config: Path) -> WikiSettings:
    """Return what the environment, `.env` and the secrets folder say about the wiki."""
    return load_overrides(config).wiki


def find_token(config: Path, *, is_client: bool = False) -> str | None:
    """Return the token or password (the secret of a client) from the environment, `.env` or the secrets folder."""
    wiki = load_given(config)
    secret = wiki.client_secret if is_client else wiki.token or wiki.password
    return secret.get_secret_value().strip() if secret else None


def account_settings(answers: Answers, token: str, config: Path) -> Settings:
    """Return settings for the wiki and the account in *answers*; no request is sent."""
    given = load_given(config).model_dump(exclude_unset=True)
    if token != find_token(config, is_client=answers.client_id is not None):
        given.pop(TOKEN_HOST, None)  # that of an earlier token
    for key in ("token", "password", "client_secret"):
        given.pop(key, None)
    chosen = {
        "url": answers.url,
        "flavour": answers.flavour,
        "user": answers.user,
        "client_id": answers.client_id,
        "ca_bundle": answers.ca_bundle,
        "client_secret" if answers.client_id else "token": SecretStr(token),
    }
    return Settings.model_construct(wiki=WikiSettings.model_validate(given | chosen)).read_from(config)


def token_path(config: Path, *, is_client: bool = False) -> Path:
    """Return the file in which a person can store the token, or the secret of a client."""
    return secrets_folders(config)[0] / (_CLIENT_SECRET_FILE if is_client else _TOKEN_FILE)


def keep_token(config: Path, token: str, *, url: str, is_client: bool = False) -> Path:
    """Write the token to the secrets folder, readable only by its owner, and the host of *url*, to which it goes."""
    path = token_path(config, is_client=is_client)
    _ignore_secrets(config.absolute().parent)
    _write_secret(path, token)
    _write_secret(path.with_name(_TOKEN_HOST_FILE), host_of(url))
    return path


def _ignore_secrets(folder: Path) -> None:
    """Make git ignore the secrets in the folder of the settings, before the first of them is written.

    Lines of people stay as they are; what is missing is added at the end.
    """
    ignored = folder / ".gitignore"
    with suppress(OSError):  # a folder that cannot be written is named with what matters more
        before = read_file(ignored) if os.path.lexists(ignored) else b""
        missing = [line for line in _IGNORED if line.encode() not in before.splitlines()]
        if missing:
            gap = b"\n" if before and not before.endswith(b"\n") else b""
            replace_file(ignored, before + gap + "".join(f"{line}\n" for line in missing).encode())


def _write_secret(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        raise SettingsError(f"cannot be written: {error.strerror}; set {TOKEN_VARIABLE} instead", path=path) from error


def check_name(config: Path, name: str, home: PageRef) -> Path:
    """Return the data file of the workspace *name*; raises `SettingsError` if the file belongs to another page."""
    try:
        WorkspaceSettings(name=name, data=Path(f"{name}.yaml"))
    except ValidationError as problem:
        raise SettingsError(
            f"name {name!r}: must begin with a small letter or digit and contain only those, _ and -"
        ) from problem
    path = config.absolute().parent / f"{name}.yaml"
    if path == config.absolute():
        raise SettingsError(f"name {name!r}: {path.name} is the settings file; choose another name")
    if path.exists():
        kept = DataFile.load(path).data.workspace
        if kept.space != home.space_key or kept.home not in (home.title, home.id):
            raise SettingsError(f"exists and is for page {kept.home!r} in space {kept.space}", path=path)
    return path


def has_keygen() -> bool:
    """Return whether OpenSSH's `ssh-keygen` is installed."""
    return shutil.which("ssh-keygen") is not None


def make_signing_key(config: Path) -> Path:
    """Create a key that signs snapshots, and the file for verifying signatures, unless they exist."""
    key = config.absolute().parent / _KEY
    key.parent.mkdir(parents=True, exist_ok=True)
    _ignore_secrets(key.parent)
    if not key.exists():
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "wikibot snapshots", "-f", str(key)]
        try:
            done = subprocess.run(  # noqa: S603 -- no shell; all arguments are built here
                command, capture_output=True, text=True, timeout=_KEYGEN_SECONDS, check=False
            )
        except (OSError, subprocess.SubprocessError) as error:
            raise SettingsError(f"ssh-keygen cannot be run: {error}; install OpenSSH", path=key) from error
        if done.returncode:
            raise SettingsError(f"ssh-keygen could not make it: {done.stderr.strip()}", path=key)
    signers = key.with_name(_SIGNERS)
    if not signers.exists():
        replace_file(signers, Signer(key).allowed_signers().encode())
    return key


def write_settings(
    config: Path, answers: Answers, *, archived: Mapping[str, str], is_signed: bool, history: HistoryMode
) -> Settings:
    """Write the settings file, the schemas, and what git ignores next to it; return the settings."""
    replace_file(config, _compose(answers, archived=archived, is_signed=is_signed, history=history).encode())
    folder = config.absolute().parent
    write_schemas(folder)
    _ignore_secrets(folder)
    return load_settings(config)


def find_archive_rules(gateway: WikiGateway, space_key: str) -> dict[str, str]:
    """Return the usual rules for archived pages that match something in the space: a rule that does not is an error."""
    rules = {}
    if gateway.find_labelled(space_key, _ARCHIVED):
        rules["labels"] = _ARCHIVED
    refs = list(gateway.iter_refs(space_key))
    tree = build_tree([*refs, *gateway.fetch_containers_above(refs)])
    if any(node.has_children and node.ref.title == _ARCHIVE for node in tree):
        rules["under"] = _ARCHIVE
    return rules


@dataclass(frozen=True, slots=True)
class HistoryEstimate:
    """The pages that count as archived, and what their earlier versions cost the first capture."""

    pages: int
    versions: int
    """Number of all versions; a version number counts also those that the wiki no longer has."""
    requests: int
    """Requests for the earlier versions."""
    size_bytes: int
    """Size of the earlier bodies, if they are as long as the present ones."""
    seconds: float
    """Time that these requests take, with the number of parallel requests that is the default."""


def estimate_history(
    gateway: WikiGateway,
    space_key: str,
    archived: Mapping[str, str],
    *,
    clock: Callable[[], float] = time.monotonic,
) -> HistoryEstimate:
    """Return what the earlier versions of the archived pages cost, from reading a few pages. Raises `WikiError`."""
    labels, under = ((archived[key],) if key in archived else () for key in ("labels", "under"))
    chosen = select(gateway, space_key, ArchivedSettings(status=True, labels=labels, under=under)).chosen
    versions = sum(ref.version.number for ref in chosen)
    earlier = versions - len(chosen)
    # Each version is read twice, and each page with earlier ones has a list of them.
    requests = 2 * earlier + sum(ref.version.number > 1 for ref in chosen)
    sample = chosen[:: max(1, len(chosen) // _SAMPLE)][:_SAMPLE] if earlier else ()
    began = clock()
    sizes = [len(gateway.fetch_page(ref.id).body.encode("utf-8", "surrogatepass")) for ref in sample]
    seconds = (clock() - began) / max(1, len(sample)) * requests / SnapshotSettings().parallel_requests
    return HistoryEstimate(len(chosen), versions, requests, sum(sizes) * earlier // max(1, len(sizes)), seconds)


def write_bare_data_file(path: Path, home: PageRef) -> Path:
    """Write a data file without regions, unless one exists; return its path."""
    if not path.exists():
        workspace = WorkspaceData(workspace=Home(space=home.space_key, home=home.title))
        DataFile.create(workspace, path).save()
    return path


def with_site(answers: Answers, site: Site) -> Answers:
    """Return the answers with the address and flavour that the probe found."""
    return answers.replaced(url=site.url, flavour=site.flavour.value if site.flavour else None)


def _compose(answers: Answers, *, archived: Mapping[str, str], is_signed: bool, history: HistoryMode) -> str:
    optional = {key: getattr(answers, key) for key in ("user", "client_id", "access", "ca_bundle")}
    more = "".join(f"\n  {key}: {_quoted(value)}" for key, value in optional.items() if value)
    rules = "".join(f", {key}: [{name}]" for key, name in archived.items())
    keys = f"signing_key: {_KEY}\n  allowed_signers: {_SIGNERS}" if is_signed else "signing_key: none"
    return f"""\
# yaml-language-server: $schema={SETTINGS_SCHEMA_NAME}
# Settings of wikibot. Each key can be overridden by the environment as WIKIBOT_…, nested by two underscores.
# The token is not written here: set {TOKEN_VARIABLE}, or put it in the secrets folder.
wiki:
  url: {_quoted(answers.url)}
  flavour: {answers.flavour}{more}
  writes_per_minute: 6

workspaces:
  - name: {answers.name}
    data: {answers.name}.yaml
    drift: report                     # report | repair | ignore
    regions: {{status: {{}}, quick_links: {{}}, news: {{}}}}
    archived: {{status: true{rules}}}

jobs:
  - {{run: sync, every: 10 minutes}}
  - {{run: snapshot, every: day, at: "02:30", timezone: UTC}}

snapshots:
  path: ../snapshots
  git: false
  history: {history.value:<24}# all versions | changes: those from now on | latest: only the newest
  {keys}
"""


def _quoted(text: str | None) -> str:
    return json.dumps(text, ensure_ascii=False)  # a JSON string is a YAML string
