"""Replay what every run wrote and removed, so that nothing that was ever captured can be missing or different now.

The log of each run is compared with itself: each changed file needs an event of the run that lists its page. The result
of all runs is compared with the manifests and the lists of pages of the present tree.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import PAGES
from bot.snapshot.archive.change_list import FileChange, Verb, iter_changes
from bot.snapshot.archive.checkpoint import Checkpoint, format_time
from bot.snapshot.archive.events import EventType, parse_events
from bot.snapshot.archive.inspection import FindingKind, Inspection
from bot.snapshot.verify.event_line import EventRow, LoggedPage, iter_events, read_state
from bot.snapshot.verify.page_rules import MAY_CAPTURE, MAY_RENDER, RunOfPage, find_flaws, is_plainly_new
from bot.snapshot.verify.run_claims import ABOUT_RUNS, RunClaim, find_false_claims

_TYPES = frozenset(EventType)
_NEVER_FAIL = (ABOUT_RUNS - {EventType.INGESTION}) | {
    EventType.REDACTION,
    EventType.HOLD,
    EventType.HOLD_RELEASE,
    EventType.TRUST,
}
"""Types of the events that exist only when they happened."""
_RARE = ABOUT_RUNS | _NEVER_FAIL


@dataclass(frozen=True, slots=True)
class Removal:
    """A file that a redaction removed."""

    run: int
    path: str
    digest: str


@dataclass
class Replay:
    """What all runs up to now wrote: *kept* and *views* must be the manifests, *pages* the lists of pages."""

    inspection: Inspection
    kept: dict[str, str] = field(default_factory=dict)
    """Path in the folder → digest of each source, record and attachment."""
    views: dict[str, str] = field(default_factory=dict)
    """Page id → digest of the rendition."""
    pages: dict[str, LoggedPage] = field(default_factory=dict)
    """Page id → its last state."""
    held: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Page id → names of the holds that protect it now."""
    removals: list[Removal] = field(default_factory=list)
    is_whole: bool = True
    """Whether the log of every run could be read."""
    gone: set[str] = field(default_factory=set)
    """Paths of the files that redactions removed."""
    _known_digests: set[str] = field(default_factory=set)
    _below: Checkpoint | None = None
    """The head of the run before."""
    _first_sources: dict[str, str] = field(default_factory=dict)
    """Digest of a body captured under format 1 → the log that has it."""

    def restore_bag(self, kept: dict[str, str], gone: list[str], views: dict[str, str], pages: dict[str, str]) -> bool:
        """Begin with what an earlier replay said about a bag; return whether all of it can be read."""
        self.kept |= kept
        self.gone.update(gone)
        self.views |= views
        for page, text in pages.items():
            state = read_state(text)
            if state is None:
                return False
            self.pages[page] = state
        return True

    def restore_runs(
        self, head: Checkpoint, held: dict[str, list[str]], removals: Iterable[tuple[int, str, str]]
    ) -> None:
        """Begin after the run of *head*, with what an earlier replay said about the runs up to it."""
        self._below = head
        self.held.update({page: set(names) for page, names in held.items()})
        self.removals += [Removal(*each) for each in removals]

    def add_run(self, head: Checkpoint) -> None:
        """Replay one run; runs are added oldest first."""
        if head.format == 1:
            self._add_first(head)
        else:
            self._add_second(head)
        self._below = head

    def _add_second(self, head: Checkpoint) -> None:
        name = head.changes_path or ""
        changes, events = self._read(name), self._read(head.events_path)
        if changes is None or events is None:
            self.is_whole = False
            return
        since = format_time(self._below.time) if self._below else ""
        log = _RunLog(self, head, head.events_path or "", since)
        log.read(events, self._below)
        del events
        try:
            log.apply_states(log.apply_changes(name, iter_changes(changes, name=name)))
            log.release_holds()
        except EvidenceError as error:
            self.report(name, str(error))
            self.is_whole = False

    def _add_first(self, head: Checkpoint) -> None:
        """Collect the digests of the bodies that a run of format 1 captured."""
        data = self._read(head.events_path)
        if data is None:
            self.is_whole = False
            return
        try:
            logged = parse_events(data, name=head.events_path or "")
        except EvidenceError as error:
            self.report(head.events_path or "", str(error))
            return
        for each in logged:
            digest = each.event.facts.get("source_sha256")
            if isinstance(digest, str):
                self._first_sources[digest] = head.events_path or ""

    def _read(self, path: str | None) -> bytes | None:
        if path is None or not self.inspection.tree.has_file(path):
            return None  # reported where the head was checked
        return self.inspection.read(path)

    def report(self, path: str, message: str) -> None:
        """Add a finding about the log."""
        self.inspection.report(FindingKind.LOG, path, message)

    def keep(self, path: str, digest: str, name: str) -> None:
        """Add a captured file; *name* is the list that says so."""
        if path in self.kept or path in self.gone:
            self.report(name, f"says that {path} was captured, but an earlier run captured it already")
        self.kept[path] = digest
        if self._first_sources:
            self._known_digests.add(digest)

    def drop(self, path: str, digest: str, run: int, name: str) -> None:
        """Remove a captured file."""
        if self.kept.get(path) != digest:
            self.report(name, f"says that {path} was removed, but it was not there with that digest")
        self.kept.pop(path, None)
        self.gone.add(path)
        self.removals.append(Removal(run, path, digest))

    def compare(self, manifests: dict[str, dict[str, str]]) -> None:
        """Compare the result with the manifests of the present tree."""
        kept, views = dict(self.kept), dict(self.views)
        for bag, manifest in manifests.items():
            for path, digest in manifest.items():
                full = f"{bag}/{path}"
                if path.startswith("data/_"):
                    self._compare_file(full, digest, kept.pop(full, None))
                else:
                    page = path.rpartition("/")[2].removesuffix(".md").rpartition("--")[2]
                    self._compare_view(full, digest, page, views.pop(page, None))
        for path in kept:
            self.inspection.report(
                FindingKind.LOG, path, "was captured and not redacted, but no manifest lists it any more"
            )
        for page in views:
            self.inspection.report(
                FindingKind.LOG, self._home(page), f"page {page} was captured, but no manifest lists its Markdown"
            )

    def _compare_file(self, path: str, digest: str, logged: str | None) -> None:
        if logged == digest:
            return
        what = "lists other content than was captured" if logged else "lists a file that the log does not know"
        self.inspection.report(FindingKind.LOG, path, f"the manifest {what}")

    def _compare_view(self, path: str, digest: str, page: str, logged: str | None) -> None:
        if logged == digest:
            return
        what = "is not the one that the log has for this page" if logged else "does not belong to a captured page"
        self.inspection.report(FindingKind.LOG, path, f"the Markdown of page {page} {what}")

    def _home(self, page: str) -> str:
        return f"{self.pages[page].bag}/{PAGES}" if page in self.pages else PAGES

    def check_pages(self) -> None:
        """Check that the last state of each page fits the files of the page."""
        for page in self.views.keys() - self.pages.keys():
            self.report(PAGES, f"page {page} has Markdown, but no event says what state the page has")
        for page, at in self.pages.items():
            if page not in self.views:
                self.report(self._home(page), f"page {page} was captured, but no run wrote its Markdown")
            if f"{at.bag}/{at.record}" not in self.kept:
                self.report(self._home(page), f"the record {at.record} of page {page} is not among the captured files")
            if at.source and self.kept.get(f"{at.bag}/{at.source}") != at.sha256:
                message = f"the body {at.source} of page {page} is not the captured file with that digest"
                self.report(self._home(page), message)
            if not at.source and not at.redacted_at:
                self.report(self._home(page), f"page {page} has no body and was not redacted")

    def check_first_format(self, redacted: Iterable[str]) -> None:
        """Check that each body that was captured under format 1 is still there, or was redacted."""
        known = self._known_digests.union(redacted)
        for digest, log in self._first_sources.items():
            if digest not in known:
                self.report(
                    log, f"a body with SHA-256 {digest} was captured before the upgrade and is not there any more"
                )


@dataclass
class _RunLog:
    """The events of one run, and the pages that each lists."""

    replay: Replay
    head: Checkpoint
    name: str
    since: str
    """Time of the run before; empty for the first run."""
    _events: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    """Id of each successful event → its type and pages."""
    _kinds: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Page → types of the successful events of the run that list it."""
    _states: dict[str, tuple[int, LoggedPage]] = field(default_factory=dict)
    """Page → line and content of its state."""
    _claims: list[RunClaim] = field(default_factory=list)
    _releases: list[EventRow] = field(default_factory=list)
    _when: str = field(init=False)

    def __post_init__(self) -> None:
        """Write the time of the run as its events have it."""
        self._when = format_time(self.head.time)

    def read(self, data: bytes, below: Checkpoint | None) -> None:
        """Check the lines of the log, each by itself and against the head; *below* is the head before."""
        for number, row in enumerate(iter_events(data), start=1):
            if row is None:
                self._report(number, "is not an event as wikibot writes it")
            else:
                self._add(number, row)
        for flaw in find_false_claims(self.head, below, self._claims):
            self.replay.report(self.name, flaw)

    def _add(self, number: int, row: EventRow) -> None:
        event, kind, outcome, when, pages, state, _ = row
        if event != f"{self.head.sequence:06}-{number:06}" or when != self._when:
            self._report(number, "has another number or time than the run")
        if kind not in _TYPES:
            self._report(number, f"has the unknown type {kind}")
        if outcome == "success":
            self._events[event] = (kind, pages)
            for page in pages:
                self._kinds[page].add(kind)
        if state:
            self._add_state(number, pages, state)
        if kind in _RARE:
            self._add_rare(number, row)

    def _add_rare(self, number: int, row: EventRow) -> None:
        if row.outcome != "success" and row.type in _NEVER_FAIL:
            self._report(number, f"is a {row.type} that did not succeed, which wikibot never writes")
        if row.type in ABOUT_RUNS:
            self._claims.append(RunClaim(row.type, row.facts))
        elif row.type == EventType.HOLD:
            for page in row.pages:
                self.replay.held[page].add(_hold_of(row))
        elif row.type == EventType.HOLD_RELEASE:
            self._releases.append(row)

    def _add_state(self, number: int, pages: frozenset[str], state: LoggedPage) -> None:
        if pages != {state.id}:
            self._report(number, f"has the state of page {state.id}, but lists other pages")
        known = self._states.setdefault(state.id, (number, state))
        if known[1].text != state.text:
            self._report(number, f"has another state of page {state.id} than line {known[0]}")

    def release_holds(self) -> None:
        """Apply the releases: a hold protects until the run after its release."""
        for row in self._releases:
            for page in row.pages:
                self.replay.held[page].discard(_hold_of(row))

    def apply_states(self, kept: set[str]) -> None:
        """Check and apply the states of pages; *kept* has the files that the run added."""
        pages, held = self.replay.pages, self.replay.held
        for page, (number, after) in self._states.items():
            kinds = self._kinds.get(page, ())
            run = RunOfPage(self._when, kinds, kept, is_held=bool(held.get(page)), since=self.since)
            before = pages.get(page)
            if before or not is_plainly_new(run, after):
                for flaw in find_flaws(run, before, after):
                    self._report(number, f"page {page} {flaw}")
            pages[page] = after

    def apply_changes(self, name: str, changes: Iterable[FileChange]) -> set[str]:
        """Check and apply the list of changes; return the paths of the files that the run added."""
        nothing, kept = ("", frozenset[str]()), set[str]()
        rendered, captured = self._pages_of(MAY_RENDER), self._pages_of(MAY_CAPTURE)
        views, keep, find_event = self.replay.views, self.replay.keep, self._events.get
        for change in changes:
            verb, digest, event, target, page = change
            kind, pages = find_event(event, nothing)
            if page not in pages:
                self.replay.report(name, f"{target}: the event {event} does not explain the change")
            if verb == Verb.VIEW:
                if page not in rendered and page in pages:
                    self.replay.report(name, f"the Markdown of page {page} was written without an event that does so")
                views[target] = digest
            elif verb == Verb.KEEP:
                if page not in captured and page in pages:
                    self.replay.report(name, f"{target} was added without an event that captured it")
                keep(target, digest, name)
                kept.add(target)
            else:
                self._drop(change, kind, name)
        return kept

    def _pages_of(self, kinds: Collection[str]) -> set[str]:
        """Return the pages with a successful event of one of the kinds."""
        return {page for page, own in self._kinds.items() if not own.isdisjoint(kinds)}

    def _drop(self, change: FileChange, kind: str, name: str) -> None:
        if kind != EventType.REDACTION:
            self.replay.report(name, f"{change.target} was removed without a redaction event")
        if self.replay.held.get(change.page):
            self.replay.report(name, f"{change.target} was removed, though a hold protects page {change.page}")
        self.replay.drop(change.target, change.digest, self.head.sequence, name)

    def _report(self, number: int, message: str) -> None:
        self.replay.report(self.name, f"line {number}: {message}")


def _hold_of(row: EventRow) -> str:
    """Return the name of the hold that an event is about; empty if it states none."""
    name = row.facts.get("name")
    return name if isinstance(name, str) else ""
