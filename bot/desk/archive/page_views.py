"""One captured page: as it is read, its source, its files, its events, and whether its files are what was captured."""

import hashlib
import posixpath
import re
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Response, abort, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from bot.config.policy import ArchivedSettings
from bot.desk.archive import blueprint
from bot.desk.archive.list_views import reason_words
from bot.desk.archive.opened_archive import OpenedArchive, current_archive
from bot.desk.language import gettext as _
from bot.desk.roles import Role, requires
from bot.errors import SnapshotError
from bot.operations import archive as operation
from bot.operations.archive_check import find_archive_check
from bot.present.page_diff_view import rendered_changes
from bot.present.rendered_page import Resolver, render_markdown, split_rendition
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.change_list import is_rendition, page_of
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.events import LoggedEvent
from bot.snapshot.query.page_diff import PageComparison
from bot.snapshot.query.page_lists import State
from bot.snapshot.query.page_proof import check_files
from bot.snapshot.query.page_runs import runs_about
from bot.snapshot.query.page_view import CapturedPageView, view_page

_TABS = ("read", "changes", "source", "markdown", "files", "events")
_MOST_LINES = 5_000
_PICTURES = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
_PICTURE_ENDINGS = re.compile(r"\.(?:png|jpe?g|gif|webp)$", re.IGNORECASE)
_STATES = re.compile(r"(\d+)\.\.(\d+)")
_SEALED = "default-src 'none'; sandbox"


@dataclass(frozen=True, slots=True)
class Tab:
    """One view of a page."""

    name: str
    text: str
    href: str
    is_current: bool
    number: int | None = None


@blueprint.get("/a/p/<page_id>")
@requires(Role.AUDITOR)
def page_view(page_id: str) -> str:
    """Show a page as it was captured last."""
    return _show(page_id, None)


@blueprint.get("/a/p/<page_id>/v<int:version>")
@requires(Role.AUDITOR)
def page_version(page_id: str, version: int) -> str:
    """Show one version of a page; this address never shows another."""
    return _show(page_id, version)


@blueprint.get("/a/p/<page_id>/diff")
@requires(Role.AUDITOR)
def page_compare(page_id: str) -> BaseResponse:
    """Lead to the comparison of the two versions that were chosen."""
    chosen = [request.args.get(name, "") for name in ("before", "after")]
    if not all(each.isascii() and each.isdigit() for each in chosen):
        abort(HTTPStatus.NOT_FOUND)
    return redirect(url_for("archive.page_diff", page_id=page_id, states="..".join(chosen)))


@blueprint.get("/a/p/<page_id>/diff/<states>")
@requires(Role.AUDITOR)
def page_diff(page_id: str, states: str) -> str:
    """Show what changed between two versions."""
    match = _STATES.fullmatch(states)
    if match is None:
        abort(HTTPStatus.NOT_FOUND)
    return _show(page_id, int(match[2]), before=int(match[1]), tab="changes")


@blueprint.get("/a/p/<page_id>/files/<path:name>")
@requires(Role.AUDITOR)
def page_file(page_id: str, name: str) -> Response:
    """Download one file of a page, if it is what was captured. It is never shown by the browser."""
    archive, (bag, entry) = current_archive(), current_archive().get_page(page_id)
    path, data = _read_file(archive, bag, page_id, name)
    return _sealed(data, "application/octet-stream", shown_as=_file_name(archive, bag, entry, path))


@blueprint.get("/a/p/<page_id>/pictures/<path:name>")
@requires(Role.AUDITOR)
def page_picture(page_id: str, name: str) -> Response:
    """Return a captured picture for the page that shows it; only PNG, JPEG, GIF and WebP."""
    archive = current_archive()
    _path, data = _read_file(archive, archive.get_page(page_id)[0], page_id, name)
    kind = picture_type(data)
    if kind is None:
        abort(HTTPStatus.NOT_FOUND)
    return _sealed(data, kind)


@blueprint.get("/a/p/<page_id>/body/<int:version>")
@requires(Role.AUDITOR)
def page_body(page_id: str, version: int) -> Response:
    """Download the body of a version exactly as the wiki sent it."""
    archive = current_archive()
    bag, entry = archive.get_page(page_id)
    view = view_page(archive.library, bag, entry, version, archive.reader.rules)
    if view.text is None:
        abort(HTTPStatus.NOT_FOUND)
    data = archive.library.read_body(bag, view.text.source_path)
    return _sealed(data, "application/octet-stream", shown_as=f"{page_id}-v{version}.xml")


def picture_type(data: bytes) -> str | None:
    """Return the media type of a picture that browsers show without running anything, by its first bytes."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _PICTURES.items() if data.startswith(start)), None)


def _read_file(archive: OpenedArchive, bag: Bag, page_id: str, name: str) -> tuple[str, bytes]:
    """Return the path and the content of a file of a page, if it is what was captured; 404 if there is none."""
    path = f"{paths.attachment_folder(page_id)}/{name}"
    if path not in bag.manifest:
        abort(HTTPStatus.NOT_FOUND)
    return path, archive.library.read(bag, path)


def _sealed(data: bytes, kind: str, *, shown_as: str = "") -> Response:
    response = Response(data, mimetype=kind)
    response.headers["Content-Security-Policy"] = _SEALED
    if shown_as:
        response.headers.set("Content-Disposition", "attachment", filename=shown_as)
    return response


def _file_name(archive: OpenedArchive, bag: Bag, entry: PageEntry, path: str) -> str:
    """Return the name that the wiki had for a file, without what no file name has."""
    view = view_page(archive.library, bag, entry, None, archive.reader.rules)
    name = next((file.name for file in view.files if file.path == path), posixpath.basename(path))
    return re.sub(r'[\x00-\x1f\x7f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069]', "_", name)[:150] or "file"


def _show(page_id: str, version: int | None, *, before: int | None = None, tab: str = "") -> str:
    archive = current_archive()
    bag, entry = archive.get_page(page_id)
    view = view_page(archive.library, bag, entry, version, archive.reader.rules)
    if version is not None and view.text is None and not view.problem:
        abort(HTTPStatus.NOT_FOUND)
    wanted = tab or request.args.get("tab", "read")
    tab = wanted if wanted in _TABS else "read"
    checks = check_files(archive.reader.root, bag, entry)
    compared, problem = _compared(archive, view, before) if tab == "changes" else (None, "")
    events = _events(archive, entry.page_id) if tab == "events" else ()
    held = [each for each in view.versions if each.is_held]
    return render_template(
        "captured_page.html.j2",
        view=view,
        entry=entry,
        tab=tab,
        tabs=_tabs(view, page_id, version, tab),
        html=Markup(_html(archive, view)) if tab == "read" and view.markdown is not None else "",  # noqa: S704
        changes=Markup(_changes(archive, view, compared)) if compared else "",  # noqa: S704 -- sanitised
        compared=compared.diff if compared else None,
        compare_problem=problem,
        held=held,
        lines=view.source_lines[:_MOST_LINES],
        lines_left=max(len(view.source_lines) - _MOST_LINES, 0),
        events=[(each, archive.event_texts.describe(each)) for each in events],
        checks=checks,
        broken=[each for each in checks if not each.is_fine],
        signature=archive.signature,
        last_check=find_archive_check(archive.reader),
        head=archive.library.head,
        head_digest=archive.library.head_digest,
        reasons=[reason_words(each) for each in view.reasons],
        knows_rules=archive.reader.rules != ArchivedSettings(status=True, labels=(), under=()),
        file_rows=[(file, _file_address(page_id, file.path)) for file in view.files],
        is_redacted=view.state is State.REDACTED,
        crumbs=_crumbs(entry),
        file_checks={each.path: each for each in checks},
    )


def _tabs(view: CapturedPageView, page_id: str, version: int | None, current: str) -> list[Tab]:
    texts = {
        "read": _("Read"),
        "changes": _("What changed"),
        "source": _("Source"),
        "markdown": _("Markdown"),
        "files": _("Files"),
        "events": _("Events"),
    }
    endpoint = "archive.page_view" if version is None else "archive.page_version"
    values: dict[str, Any] = {"page_id": page_id} | ({} if version is None else {"version": version})
    tabs = []
    for name, text in texts.items():
        href = url_for(endpoint, tab=None if name == "read" else name, **values)
        tabs.append(Tab(name, text, href, name == current, len(view.files) if name == "files" else None))
    return tabs


def _crumbs(entry: PageEntry) -> list[tuple[str, str]]:
    """Return the pages above, with the addresses of the lists below them."""
    top = [(entry.space_key, url_for("archive.pages", view="tree", space=entry.space_key))]
    return top + [
        (each.title, url_for("archive.pages", view="tree", space=entry.space_key, under=each.id))
        for each in entry.ancestors
    ]


def _html(archive: OpenedArchive, view: CapturedPageView) -> str:
    markdown = view.markdown or ""
    digest = hashlib.sha256(markdown.encode("utf-8", "replace")).hexdigest()
    key = (digest, view.path, archive.library.head_digest)
    body = split_rendition(markdown)[1]
    title = view.record.title if view.record else view.entry.title
    return archive.rendered(key, lambda: render_markdown(body, _resolver(archive, view), title=title))


def _changes(archive: OpenedArchive, view: CapturedPageView, compared: PageComparison) -> str:
    texts = f"{compared.old_markdown}\0{compared.new_markdown}".encode("utf-8", "replace")
    key = ("diff", hashlib.sha256(texts).hexdigest(), view.path, archive.library.head_digest)
    return archive.rendered(key, lambda: rendered_changes(compared, _resolver(archive, view)))


def _compared(archive: OpenedArchive, view: CapturedPageView, before: int | None) -> tuple[PageComparison | None, str]:
    """Return the comparison with the version *before*, by default the last one that is held; or why there is none."""
    held = sorted(each.version.number for each in view.versions if each.is_held)
    earlier = [number for number in held if number < view.version]
    first = before if before is not None else (earlier[-1] if earlier else None)
    try:
        if first is None and view.is_newest:
            return operation.page_diff(archive.reader, view.entry.page_id), ""
        if first is None:
            return None, _("No earlier version of this page was captured.")
        return operation.page_diff(archive.reader, view.entry.page_id, f"v{first}", f"v{view.version}"), ""
    except SnapshotError as error:
        return None, str(error)


def _events(archive: OpenedArchive, page_id: str) -> list[LoggedEvent]:
    """Return the events about a page, the newest first."""
    archive.build_index()
    library, name = archive.library, paths.safe_id(page_id)
    with archive.database() as database:
        runs = set(runs_about(database, name))
    found = [head for head, _digest in archive.reader.heads if head.sequence in runs]
    return [
        logged
        for head in found
        for logged in reversed(library.load_events(head, about={name, page_id}))
        if name in logged.event.objects or page_id in logged.event.objects
    ]


def _resolver(archive: OpenedArchive, view: CapturedPageView) -> Resolver:
    folder = posixpath.dirname(view.path)

    def place(target: str) -> tuple[str, str] | None:
        """Return the id of the page that owns a path, and the path inside the bag."""
        parts = urlsplit(target)
        full = posixpath.normpath(posixpath.join(folder, unquote(parts.path)))
        bag, _slash, path = full.partition("/")
        if bag not in archive.library.bags or path not in archive.library.bags[bag].manifest:
            return None
        page_id = archive.page_id_of(page_of(path))
        return (page_id, path) if page_id else None

    def link(target: str) -> str | None:
        found = place(target)
        if found is None:
            return None
        page_id, path = found
        anchor = urlsplit(target).fragment
        if is_rendition(path):
            return url_for("archive.page_view", page_id=page_id) + (f"#c-{anchor}" if anchor else "")
        return _file_address(page_id, path)

    def picture(target: str) -> str | None:
        found = place(target)
        if found is None or not _PICTURE_ENDINGS.search(found[1]):
            return None
        return _file_address(*found, endpoint="archive.page_picture")

    return Resolver(link, picture)


def _file_address(page_id: str, path: str | None, *, endpoint: str = "archive.page_file") -> str | None:
    folder = f"{paths.attachment_folder(page_id)}/"
    if path is None or not path.startswith(folder):
        return None
    return url_for(endpoint, page_id=page_id, name=path.removeprefix(folder))
