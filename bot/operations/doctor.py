"""Examine machine, account and wiki: everything that `check` checks, and what a person who helps needs to know.

Reads only, unless a write test is asked for: that makes a page below the home page and deletes it again.
"""

import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from importlib import metadata
from itertools import islice
from os import R_OK, access
from pathlib import Path

from bot.config.policy import SnapshotSettings, WitnessKind
from bot.errors import BotError, PageConflictError
from bot.files import can_write
from bot.operations.check import Check, CheckOutcome
from bot.operations.workspace import Connect, Folders, Workspace
from bot.plural import counted
from bot.storage.markers import Marker, render_marked
from bot.storage.meaning import is_same
from bot.sync.clock_difference import describe_difference
from bot.wiki.gateway import Page, WikiGateway

PACKAGES = ("wikibot", "atlassian-python-api", "requests", "urllib3", "pydantic", "ruamel.yaml", "markdown-it-py")
_CLOCK_TOLERANCE = timedelta(minutes=1)
_LARGE_BODY_BYTES = 4 * 1024 * 1024
_LARGEST_SAMPLE_BYTES = 1024 * 1024
_VERSIONS_READ = 3
_SUBJECTS = ("settings", "account", "sign-in", "data file", "templates", "archived", "snapshots")
_NEW_EDITOR = ('local-id="', "ac:adf-", "ac:emoji-id=")
_SCRATCH_LABEL = "wikibot-doctor"
_SCRATCH_TEXT = (
    "<p>Written by <code>wikibot doctor</code>; this page can be deleted.</p>"
    "<ul><li><p><strong>bold</strong> and “quotes” – äöü</p></li></ul>"
)


@dataclass(frozen=True, slots=True)
class Machine:
    """What the machine of the bot has to have; *templates* is the folder of own templates, if there is one."""

    folders: Folders
    snapshots: SnapshotSettings
    templates: Path | None


@dataclass
class _Sample:
    """Counts the bytes of a download and drops them."""

    size_bytes: int = field(default=0)

    def restart(self) -> None:
        self.size_bytes = 0

    def write(self, data: bytes) -> None:
        self.size_bytes += len(data)


def examine_machine(machine: Machine) -> Iterator[Check]:
    """Examine Python, packages, programs, folders and keys."""
    yield _ok("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield _ok("packages", ", ".join(f"{name} {_version_of(name)}" for name in PACKAGES))
    policy = machine.snapshots
    needs_ssh = policy.key is not None or policy.allowed_signers is not None
    kinds = {witness.kind for witness in policy.witnesses}
    yield _examine_program("git", is_needed=policy.git or WitnessKind.GIT in kinds, setting="snapshots.git")
    yield _examine_program("openssl", is_needed=WitnessKind.TIMESTAMP in kinds, setting="snapshots.witnesses")
    yield _examine_program("ssh-keygen", is_needed=needs_ssh, setting="snapshots.signing_key")
    yield _examine_folder("state folder", machine.folders.state)
    yield _examine_folder("snapshots folder", machine.folders.snapshots)
    for what, path in (("signing key", policy.key), ("allowed signers", policy.allowed_signers)):
        yield _examine_file(what, path)
    if machine.templates is None:
        yield _ok("own templates", "none; the templates of the program are used")
    else:
        yield _examine_file("own templates", machine.templates)


def as_finding(check: Check) -> Check:
    """Return a result of `check` with a short subject, for a table; the rest of its subject begins the message."""
    for subject in _SUBJECTS:
        if check.what.startswith(subject):
            rest = check.what.removeprefix(subject).lstrip(": ")
            return replace(check, what=subject, message=": ".join(filter(None, (rest, check.message))))
    return check


def examine_wiki(connect: Connect, *, now: Callable[[], datetime]) -> Iterator[Check]:
    """Examine the wiki apart from its pages: flavour, clock, rate limits."""
    try:
        gateway = connect()
        headers = gateway.fetch_headers()
    except BotError as error:
        yield from _not_tried(("clock", "rate limits"), f"the wiki does not answer: {error}")
        return
    yield _ok("flavour", "Data Center or Server" if gateway.has_silent_writes else "Cloud")
    yield _examine_clock(headers.get("Date", ""), now())
    limits = [f"{name}: {value}" for name, value in headers.items() if "ratelimit" in name.lower().replace("-", "")]
    yield _ok("rate limits", ", ".join(limits) or "the wiki sends no headers about its rate limits")


def examine_home(connect: Connect, workspace: Workspace) -> Iterator[Check]:
    """Examine the home page of a workspace; what cannot be read is one finding, and the rest is examined."""
    try:
        gateway = connect()
        data = workspace.load_data_file().data
        page = gateway.fetch_page(workspace.page_finder(gateway, data).get_id(data.workspace.home))
    except BotError as error:
        names = ("body", "editor", "draft", "versions", "labels", "restrictions", "attachments")
        yield from _not_tried(names, f"the home page of {workspace.name} cannot be read: {error}")
        return
    yield _ok("home page", f"{page.title!r}, {page.ref.status}, {page.ref.url}")
    yield _examine_body(page)
    yield _examine_editor(gateway, page)
    examinations: tuple[tuple[str, Callable[[], Check]], ...] = (
        ("draft", partial(_examine_draft, gateway, page)),
        ("versions", partial(_examine_versions, gateway, page)),
        ("labels", partial(_examine_labels, gateway, page)),
        ("restrictions", partial(_examine_restrictions, gateway, page)),
        ("attachments", partial(_examine_attachments, gateway, page)),
    )
    for what, examine in examinations:
        yield _attempt(what, examine)


def try_writing(connect: Connect, workspace: Workspace, *, now: datetime) -> Iterator[Check]:
    """Create a page below the home page, write it, read it, label it and delete it, also after a failure."""
    try:
        gateway = connect(may_write=True)
        data = workspace.load_data_file().data
        home_id = workspace.page_finder(gateway, data).get_id(data.workspace.home)
        title = f"wikibot doctor {now.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}"
        scratch = gateway.create_page(
            data.workspace.space, title=title, body="<p>new</p>", parent_id=home_id, message="wikibot doctor"
        )
    except BotError as error:
        yield Check("write test: create", CheckOutcome.ERROR, str(error))
        yield from _not_tried(
            [f"write test: {step}" for step in ("write", "conflict", "label", "delete")], "there is no page"
        )
        return
    yield _ok("write test: create", f"{title!r} ({scratch.url})")
    try:
        yield _attempt("write test: write", partial(_write_and_compare, gateway, scratch.id))
        yield _attempt("write test: conflict", partial(_write_twice, gateway, scratch.id))
        yield _attempt("write test: label", partial(_label, gateway, scratch.id))
    finally:
        deleted = _attempt("write test: delete", partial(_delete, gateway, scratch.id))
    if deleted.outcome is CheckOutcome.ERROR:
        deleted = Check(deleted.what, deleted.outcome, f"{deleted.message}; delete {title!r} ({scratch.url}) by hand")
    yield deleted


def _write_and_compare(gateway: WikiGateway, page_id: str) -> Check:
    page = gateway.fetch_page(page_id)
    body = render_marked(Marker("status"), _SCRATCH_TEXT)
    gateway.update_page(page, body, message="wikibot doctor")
    live = gateway.fetch_page(page_id)
    if live.body == body:
        return _ok("write test: write", "the wiki returns what was written, byte by byte")
    if is_same(live.body, body, space_key=page.ref.space_key):
        return _ok("write test: write", "the wiki spells the page differently and shows the same")
    message = f"the wiki changed what was written, so regions will count as changed by people; it made: {live.body}"
    return Check("write test: write", CheckOutcome.ERROR, message)


def _write_twice(gateway: WikiGateway, page_id: str) -> Check:
    """Write with the version number before the present one, as two writers at the same time do."""
    page = gateway.fetch_page(page_id)
    old = gateway.fetch_page(page_id, version=page.version - 1)
    try:
        gateway.update_page(replace(old, ref=replace(old.ref, id=page_id)), old.body, message="wikibot doctor")
    except PageConflictError:
        return _ok("write test: conflict", "the wiki refuses a write that is based on an old version")
    message = "the wiki accepted a write that is based on an old version: edits of other people can be lost"
    return Check("write test: conflict", CheckOutcome.ERROR, message)


def _label(gateway: WikiGateway, page_id: str) -> Check:
    gateway.add_labels(page_id, [_SCRATCH_LABEL])
    if _SCRATCH_LABEL in gateway.fetch_labels(page_id):
        return _ok("write test: label", "added and read")
    return Check("write test: label", CheckOutcome.ERROR, "the wiki accepted a label and does not list it")


def _delete(gateway: WikiGateway, page_id: str) -> Check:
    gateway.delete_page(page_id)
    return _ok("write test: delete", "moved to the trash")


def _examine_body(page: Page) -> Check:
    size = len(page.body.encode())
    message = f"{size:,} bytes; the limit of the wiki is 5 MB"
    if size > _LARGE_BODY_BYTES:
        return Check("body", CheckOutcome.WARNING, f"{message}; move text to other pages")
    return _ok("body", message)


def _examine_editor(gateway: WikiGateway, page: Page) -> Check:
    if gateway.has_silent_writes:
        return _ok("editor", "the editor of Data Center")
    if page.ref.is_live:
        message = "the page is a live doc, which people change without publishing; a normal page is safer"
        return Check("editor", CheckOutcome.WARNING, message)
    if any(mark in page.body for mark in _NEW_EDITOR):
        return _ok("editor", "page; the new editor has saved it")
    return _ok("editor", "page; the body has no marks of the new editor: legacy editor, or written by REST only")


def _examine_draft(gateway: WikiGateway, page: Page) -> Check:
    draft = gateway.fetch_draft(page.id)
    if draft is None:
        return _ok("draft", "no unpublished changes")
    version = draft.ref.version
    who = f"{version.author.display_name}, {version.when.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    message = f"unpublished changes by {who}; the bot waits until they are published or discarded"
    return Check("draft", CheckOutcome.WARNING, message)


def _examine_versions(gateway: WikiGateway, page: Page) -> Check:
    found = list(islice(gateway.fetch_versions(page.id), _VERSIONS_READ))
    if not found or found[0].number != page.version:
        message = f"the listing does not begin with version {page.version}; the history of the page is not complete"
        return Check("versions", CheckOutcome.ERROR, message)
    return _ok("versions", f"version {page.version} by {found[0].author.display_name}; the history can be listed")


def _examine_labels(gateway: WikiGateway, page: Page) -> Check:
    return _ok("labels", ", ".join(sorted(gateway.fetch_labels(page.id))) or "none")


def _examine_restrictions(gateway: WikiGateway, page: Page) -> Check:
    found = gateway.fetch_restrictions(page.id)
    sides = (("read", found.readers), ("edit", found.editors))
    said = [f"{what}: {', '.join(names)}" for what, names in sides if names]
    return _ok("restrictions", "; ".join(said) or "none")


def _examine_attachments(gateway: WikiGateway, page: Page) -> Check:
    files = gateway.fetch_attachments(page.id)
    sample = min(files, key=lambda file: file.size_bytes, default=None)
    listed = counted(len(files), "file")
    if sample is None or sample.size_bytes > _LARGEST_SAMPLE_BYTES:
        reason = "no file on the home page is small enough to try a download" if files else "no file to download"
        return Check("attachments", CheckOutcome.NOT_TRIED, f"{listed}; {reason}")
    gateway.download(sample, _Sample())
    return _ok("attachments", f"{listed}; downloaded {sample.name!r} ({sample.size_bytes:,} bytes)")


def _examine_clock(date: str, now: datetime) -> Check:
    try:
        difference = now - parsedate_to_datetime(date)
    except (TypeError, ValueError):
        return Check("clock", CheckOutcome.NOT_TRIED, "the wiki sends no date")
    seconds = difference.total_seconds()
    if problem := describe_difference(now, now - difference):
        return Check("clock", CheckOutcome.ERROR, problem)
    if abs(difference) > _CLOCK_TOLERANCE:
        message = f"the clock of this machine differs by {seconds:+.0f} s from the wiki; set it, for example with NTP"
        return Check("clock", CheckOutcome.WARNING, message)
    return _ok("clock", f"{abs(seconds):.0f} s from the wiki")


def _examine_program(name: str, *, is_needed: bool, setting: str) -> Check:
    if shutil.which(name):
        return _ok(name, "found")
    if is_needed:
        return Check(name, CheckOutcome.ERROR, f"is not installed, but `{setting}` needs it; install it")
    return _ok(name, f"is not installed; only `{setting}` needs it")


def _examine_folder(what: str, path: Path) -> Check:
    if not can_write(path):
        return Check(what, CheckOutcome.ERROR, f"{path} cannot be written; change its owner or the settings")
    return _ok(what, f"{path}" if path.exists() else f"{path} (made when it is needed)")


def _examine_file(what: str, path: Path | None) -> Check:
    if path is None:
        return _ok(what, "not configured")
    if not path.exists() or not access(path, R_OK):
        return Check(what, CheckOutcome.ERROR, f"{path} does not exist or cannot be read; correct the settings")
    return _ok(what, str(path))


def _version_of(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "(not installed)"


def _ok(what: str, message: str) -> Check:
    return Check(what, CheckOutcome.OK, message)


def _not_tried(names: "tuple[str, ...] | list[str]", reason: str) -> Iterator[Check]:
    yield from (Check(name, CheckOutcome.NOT_TRIED, reason) for name in names)


def _attempt(what: str, examine: Callable[[], Check]) -> Check:
    try:
        return examine()
    except BotError as error:
        return Check(what, CheckOutcome.ERROR, str(error))
