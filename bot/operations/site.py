"""Write the snapshots as a static site: HTML files that a browser opens from any folder, without a server."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

from bot.errors import EvidenceError, SnapshotError
from bot.operations.archive_reader import ArchiveReader
from bot.present.environment import render
from bot.present.site_view import README, SitePages, SiteState, texts_as_script
from bot.resources import templates_dir
from bot.snapshot.archive import paths
from bot.snapshot.archive.indexes import indexed, iter_tree
from bot.snapshot.archive.library import Library
from bot.snapshot.query.export import require_new_folder
from bot.snapshot.query.page_diff import compare_page
from bot.snapshot.query.page_view import CapturedPageView, view_page
from bot.snapshot.query.period import Period
from bot.snapshot.query.report import build_report
from bot.snapshot.query.site_map import SitePlace, plan_site
from bot.snapshot.verify.verification import Verification

_NAMED_SPACES = 3
"""As many spaces give a site its title; one of more has the name of the wiki's host."""
TREE, TITLES, DATES, LABELS = "index.html", "titles.html", "dates.html", "labels.html"
MISSING, CHECK, ASSETS = "missing.html", "check.html", "assets"


@dataclass(frozen=True, slots=True)
class WrittenSite:
    """The result: *findings* of the verification, and *unreadable* pages, whose files are not what was captured."""

    folder: Path
    pages: int
    files: int
    findings: int
    unreadable: int


def write_site(
    reader: ArchiveReader, target: Path, *, on_page: Callable[[str, int], None] = lambda _title, _total: None
) -> WrittenSite:
    """Verify the snapshots and write them to the new folder *target* as a site; the same snapshots give the same bytes.

    A file that is not what was captured is left out, and the site says so. Raises `SnapshotError` if *target* is not
    empty or lies inside the snapshots.
    """
    library = reader.library
    require_new_folder(library.root, target)
    checked = reader.verify()
    return _SiteWriter(reader, library, target, checked, on_page).write()


@dataclass
class _SiteWriter:
    reader: ArchiveReader
    library: Library
    target: Path
    checked: Verification
    on_page: Callable[[str, int], None]
    labels: dict[str, Sequence[str]] = field(default_factory=dict)
    unreadable: list[tuple[SitePlace, str]] = field(default_factory=list)
    texts: list[tuple[SitePlace, str, Sequence[str]]] = field(default_factory=list)
    files: int = 0

    def __post_init__(self) -> None:
        origin = self.library.head.origin if self.library.head else ""
        self.site = plan_site(self.library)
        spaces = sorted(self._spaces())
        is_short = 0 < len(spaces) <= _NAMED_SPACES
        self.pages = SitePages(
            self.site, origin, ", ".join(spaces) if is_short else urlsplit(origin).hostname or "Archive"
        )
        self.changed = {finding.path for finding in self.checked.findings}
        self.around = _neighbours([place for key in sorted(self._spaces()) for place in self._in_order(key)])

    def write(self) -> WrittenSite:
        for place in self.site.places.values():
            self.on_page(place.entry.title, len(self.site.places))
            self._write_page(place)
        self._write_assets()
        report = build_report(self.library, self.checked, Period(None, None))
        self._put(TREE, self.pages.tree(TREE, report=report, checked=self.checked))
        self._put(TITLES, self.pages.titles(TITLES))
        self._put(DATES, self.pages.dates(DATES))
        self._put(LABELS, self.pages.labels(LABELS, self.labels))
        self._put(README, self.pages.readme(README, {place.entry.page_id for place, *_ in self.texts}))
        self._put(MISSING, self.pages.missing(MISSING, report, self.unreadable))
        self._put(CHECK, self.pages.check(CHECK, report, self.checked))
        findings = len(self.checked.findings)
        return WrittenSite(self.target, len(self.site.places), self.files, findings, len(self.unreadable))

    def _spaces(self) -> set[str]:
        return {place.entry.space_key for place in self.site.places.values()}

    def _in_order(self, space_key: str) -> Iterator[SitePlace]:
        """Yield the captured pages of a space as its tree has them."""
        pages = (indexed(place.entry) for place in self.site.places.values() if place.entry.space_key == space_key)
        yield from (self.site.places[node.page.page_id] for _, node in iter_tree(pages) if node.page)

    def _write_page(self, place: SitePlace) -> None:
        entry = place.entry
        view = self._view(place)
        if view.markdown is None and not entry.redacted_at:
            self.unreadable.append((place, view.problem))
        states = [] if entry.redacted_at else [*self._states(place)]
        self._put_view(place, view, place.path, states)
        for state in states:
            if state.path != place.path:
                self._put_view(place, self._view(place, state.version), state.path, states)
        for before, after in pairwise(states):
            self._write_changes(place, view, before, after)
        for file in place.files:
            self._copy(place, file.source, file.path)
        self.labels[entry.page_id] = view.record.labels if view.record else ()
        if view.markdown and not entry.redacted_at:
            self._put(place.markdown_path, self.pages.markdown(place, view))
            self.texts.append((place, view.markdown, self.labels[entry.page_id]))

    def _put_view(self, place: SitePlace, view: CapturedPageView, path: str, states: Sequence[SiteState]) -> None:
        above = [
            (ancestor.title, found.path if (found := self.site.places.get(ancestor.id)) else "")
            for ancestor in place.entry.ancestors
        ]
        prefixes = tuple(
            f"{place.bag.name}/{folder(place.entry.page_id)}/"
            for folder in (paths.source_folder, paths.attachment_folder)
        )
        is_changed = any(path == view.path or path.startswith(prefixes) for path in self.changed)
        around = self.around.get(place.entry.page_id, (None, None))
        self._put(
            path,
            self.pages.page(place, view, path, states=states, around=around, above=above, is_changed=is_changed),
        )

    def _states(self, place: SitePlace) -> Iterator[SiteState]:
        """Yield the kept bodies, oldest first. Of several bodies of one version, the last one is shown."""
        newest = {paths.source_version(path): path for path in place.bag.sources_of(place.entry.page_id)}
        for number, (version, source) in enumerate(sorted(newest.items())):
            is_last = version == place.entry.version
            path = place.path if is_last else f"{place.folder}/version-{version}.html"
            changes = f"{place.folder}/changes-{version}.html" if number else ""
            yield SiteState(f"Version {version}", source, version, path, changes)

    def _write_changes(self, place: SitePlace, view: CapturedPageView, before: SiteState, after: SiteState) -> None:
        try:
            compared = compare_page(self.library, place.bag, place.entry, before.source, after.source)
        except EvidenceError:
            return  # the page says that its files are not what was captured
        self._put(after.changes_path, self.pages.changes(place, view, after.changes_path, compared))

    def _copy(self, place: SitePlace, source: str, path: str) -> None:
        try:
            self._put(path, self.library.read(place.bag, source))
            self.files += 1
        except EvidenceError as error:
            self.unreadable.append((place, self._portable(str(error))))

    def _view(self, place: SitePlace, version: int | None = None) -> CapturedPageView:
        view = view_page(self.library, place.bag, place.entry, version, self.reader.rules)
        return replace(view, problem=self._portable(view.problem))

    def _portable(self, problem: str) -> str:
        """Return a message without the path of the snapshots on this machine."""
        return problem.replace(f"{self.library.root}/", "")

    def _write_assets(self) -> None:
        scripts = [*texts_as_script(self.texts)]
        for number, script in enumerate(scripts, start=1):
            self._put(f"{ASSETS}/texts-{number}.js", script)
        self._put(f"{ASSETS}/site.css", render("site.css").encode())
        start = f"const SCRIPTS = {len(scripts)};\n".encode()
        self._put(f"{ASSETS}/site.js", start + (templates_dir() / "present/site.js").read_bytes())

    def _put(self, path: str, data: bytes) -> None:
        place = self.target / path
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            place.write_bytes(data)
        except OSError as error:
            raise SnapshotError(f"{place} cannot be written: {error.strerror}") from error


def _neighbours(order: Sequence[SitePlace]) -> dict[str, tuple[SitePlace | None, SitePlace | None]]:
    """Return the page before and after each page, in reading order of its space."""
    found: dict[str, tuple[SitePlace | None, SitePlace | None]] = {}
    for before, place, after in zip([None, *order], order, [*order[1:], None], strict=False):
        key = place.entry.space_key
        found[place.entry.page_id] = (
            before if before and before.entry.space_key == key else None,
            after if after and after.entry.space_key == key else None,
        )
    return found
