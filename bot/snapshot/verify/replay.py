"""Replay what every run wrote and removed, so that nothing that was ever captured can be missing or different now.

The log of each run is compared with itself: each changed file needs an event of the run that lists its page. The result
of all runs is compared with the manifests and the lists of pages of the present tree.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import PAGES
from bot.snapshot.archive.change_list import FileChange, Verb, parse_changes
from bot.snapshot.archive.checkpoint import Checkpoint, format_time
from bot.snapshot.archive.events import EventType, parse_events
from bot.snapshot.archive.inspection import FindingKind, Inspection

_NAME = r"[A-Za-z0-9_][A-Za-z0-9._-]*"
_WHEN = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z"
_STATE = (
    rf'\{{"id": "(?P<id>{_NAME})", "bag": "(?P<bag>{_NAME})", "record": "(?P<record>{_NAME}(?:/{_NAME})*)", '
    rf'"source": (?:null|"(?P<source>{_NAME}(?:/{_NAME})*)"), "source_sha256": "(?P<sha256>[0-9a-f]{{64}})", '
    rf'"version": (?:0|[1-9][0-9]*), "captured_at": "{_WHEN}", "archived": (?:true|false), '
    rf'"tombstone": (?:null|"(?P<tombstone>{_WHEN})"), "redacted_at": (?:null|"(?P<redacted>{_WHEN})"), '
    r'"converter": "[A-Za-z0-9._ -]*"\}'
)
_FIELDS = ("id", "bag", "record", "source", "sha256", "tombstone", "redacted")
_EVENT = re.compile(
    r'\{"format": "wikibot-events/2", "id": "(?P<event>\d{6,}-\d{6,})", "type": "(?P<type>[a-z][a-z -]*)", '
    rf'"outcome": "(?P<outcome>success|fail|restricted)", "when": "(?P<when>{_WHEN})", '
    rf'"pages": \[(?P<pages>(?:"{_NAME}"(?:, (?="))?)*)\], "page": (?:null|(?P<page>{_STATE})), "by": \['
)
_HEAD_NAMES = frozenset({"format", "id", "type", "outcome", "when", "pages", "page"})
_TYPES = frozenset(EventType)
_MAY_REDACT = frozenset[str]({EventType.REDACTION, EventType.UPGRADE})
_MAY_BURY = frozenset[str]({EventType.DELETION, EventType.UPGRADE})
_MAY_REVIVE = frozenset[str]({EventType.CAPTURE, EventType.METADATA})
_MAY_RECORD = frozenset[str]({EventType.CAPTURE, EventType.METADATA, EventType.REDACTION, EventType.UPGRADE})


@dataclass(frozen=True, slots=True)
class Removal:
    """A file that a redaction removed."""

    run: int
    path: str
    digest: str


@dataclass(slots=True)
class PageLog:
    """The last state of a page: as text, and its fields."""

    text: str
    fields: dict[str, str | None]


@dataclass
class Replay:
    """What all runs up to now wrote: *kept* and *views* must be the manifests, *pages* the lists of pages."""

    inspection: Inspection
    kept: dict[str, str] = field(default_factory=dict)
    """Path in the folder → digest of each source, record and attachment."""
    views: dict[str, str] = field(default_factory=dict)
    """Page id → digest of the rendition."""
    pages: dict[str, PageLog] = field(default_factory=dict)
    removals: list[Removal] = field(default_factory=list)
    is_whole: bool = True
    """Whether the log of every run could be read."""
    _gone: set[str] = field(default_factory=set)
    _known_digests: set[str] = field(default_factory=set)
    _first_sources: dict[str, str] = field(default_factory=dict)
    """Digest of a body captured under format 1 → the log that has it."""

    def add_run(self, head: Checkpoint) -> None:
        """Replay one run; runs are added oldest first."""
        if head.format == 1:
            self._add_first(head)
            return
        changes, events = self._read(head.changes_path), self._read(head.events_path)
        if changes is None or events is None:
            self.is_whole = False
            return
        log = _RunLog(self, head, head.events_path or "")
        log.read(events)
        log.read_changes(head.changes_path or "", changes)

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

    def apply(self, change: FileChange, run: int, name: str) -> None:
        """Apply one line of a list of changes; report what an append-only folder cannot have done."""
        match change.verb:
            case Verb.KEEP:
                if change.target in self.kept or change.target in self._gone:
                    self.report(name, f"says that {change.target} was captured, but an earlier run captured it already")
                self.kept[change.target] = change.digest
                self._known_digests.add(change.digest)
            case Verb.VIEW:
                self.views[change.target] = change.digest
            case _:
                if self.kept.get(change.target) != change.digest:
                    self.report(name, f"says that {change.target} was removed, but it was not there with that digest")
                self.kept.pop(change.target, None)
                self._gone.add(change.target)
                self.removals.append(Removal(run, change.target, change.digest))

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
        return f"{self.pages[page].fields['bag']}/{PAGES}" if page in self.pages else PAGES

    def check_pages(self) -> None:
        """Check that the last state of each page fits the files of the page."""
        for page in self.views.keys() - self.pages.keys():
            self.report(PAGES, f"page {page} has Markdown, but no event says what state the page has")
        for page, log in self.pages.items():
            at, bag = log.fields, log.fields["bag"]
            if page not in self.views:
                self.report(self._home(page), f"page {page} was captured, but no run wrote its Markdown")
            if f"{bag}/{at['record']}" not in self.kept:
                self.report(
                    self._home(page), f"the record {at['record']} of page {page} is not among the captured files"
                )
            if at["source"] and self.kept.get(f"{bag}/{at['source']}") != at["sha256"]:
                message = f"the body {at['source']} of page {page} is not the captured file with that digest"
                self.report(self._home(page), message)
            if not at["source"] and not at["redacted"]:
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
    events: dict[str, tuple[str, frozenset[str]]] = field(default_factory=dict)
    """Id of each successful event → its type and pages."""
    _kinds: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Page → types of the successful events of the run that list it."""
    _states: dict[str, tuple[int, dict[str, str | None]]] = field(default_factory=dict)
    """Page → line and content of its state."""
    _when: str = field(init=False)

    def __post_init__(self) -> None:
        """Write the time of the run as its events have it."""
        self._when = format_time(self.head.time)

    def read(self, data: bytes) -> None:
        """Check the lines of the log, and apply the page states."""
        *lines, last = data.decode("utf-8", "replace").split("\n")
        if last:
            self._report(len(lines) + 1, "ends without a line feed")
        for number, line in enumerate(lines, start=1):
            match = _EVENT.match(line)
            if match is None or not _is_canonical(line, match):
                self._report(number, "is not an event as wikibot writes it")
                continue
            self._add(number, match)
        for page, (number, state) in self._states.items():
            self._apply_state(number, page, state)

    def _add(self, number: int, match: re.Match[str]) -> None:
        at = match.groupdict()
        if at["event"] != f"{self.head.sequence:06}-{number:06}" or at["when"] != self._when:
            self._report(number, "has another number or time than the run")
        if at["type"] not in _TYPES:
            self._report(number, f"has the unknown type {at['type']}")
        pages = frozenset(name.strip('"') for name in at["pages"].split(", ")) if at["pages"] else frozenset()
        if at["outcome"] == "success":
            self.events[at["event"]] = (at["type"], pages)
            for page in pages:
                self._kinds[page].add(at["type"])
        if at["page"]:
            self._add_state(number, str(at["id"]), pages, at)

    def _add_state(self, number: int, page: str, pages: frozenset[str], state: dict[str, str | None]) -> None:
        if pages != {page}:
            self._report(number, f"has the state of page {page}, but lists other pages")
        known = self._states.setdefault(page, (number, state))
        if known[1]["page"] != state["page"]:
            self._report(number, f"has another state of page {page} than line {known[0]}")

    def _apply_state(self, number: int, page: str, after: dict[str, str | None]) -> None:
        before = self.replay.pages.get(page)
        for flaw in _find_flaws(self._kinds[page], before.fields if before else dict.fromkeys(after), after):
            self._report(number, f"page {page} {flaw}")
        self.replay.pages[page] = PageLog(str(after["page"]), {name: after[name] for name in _FIELDS})

    def read_changes(self, name: str, data: bytes) -> None:
        """Check and apply the list of changes."""
        try:
            changes = parse_changes(data, name=name)
        except EvidenceError as error:
            self.replay.report(name, str(error))
            self.replay.is_whole = False
            return
        for change in changes:
            kind, pages = self.events.get(change.event, ("", frozenset()))
            if change.page not in pages:
                self.replay.report(name, f"{change.target}: the event {change.event} does not explain the change")
            elif change.verb == Verb.DROP and kind != EventType.REDACTION:
                self.replay.report(name, f"{change.target} was removed without a redaction event")
            self.replay.apply(change, self.head.sequence, name)

    def _report(self, number: int, message: str) -> None:
        self.replay.report(self.name, f"line {number}: {message}")


def _find_flaws(kinds: set[str], before: dict[str, str | None], after: dict[str, str | None]) -> list[str]:
    """Return what events of these kinds cannot have done to a page."""
    flaws = []
    if before["bag"] not in (None, after["bag"]):
        flaws.append("moved to another bag")
    if before["redacted"] and before["redacted"] != after["redacted"]:
        flaws.append("is no longer redacted, or was redacted again")
    if after["redacted"] and not before["redacted"] and not kinds & _MAY_REDACT:
        flaws.append("is redacted without a redaction event")
    if after["tombstone"] != before["tombstone"]:
        if after["tombstone"] and not kinds & _MAY_BURY:
            flaws.append("gets a tombstone without a deletion event")
        if not after["tombstone"] and not kinds & _MAY_REVIVE:
            flaws.append("loses its tombstone without an event that found the page again")
    if (after["record"], after["source"]) != (before["record"], before["source"]) and not kinds & _MAY_RECORD:
        flaws.append("gets another record or body without a capture")
    return flaws


def _is_canonical(line: str, head: re.Match[str]) -> bool:
    """Return whether an event has the one form of its JSON. *head*, up to the value of `by`, has no other form."""
    tail = f'{{"by": {line[head.end() - 1 :]}'
    try:
        content = json.loads(tail)
    except ValueError:
        return False
    return line.isascii() and not content.keys() & _HEAD_NAMES and json.dumps(content) == tail
