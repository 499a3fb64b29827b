"""Rebuild what is made from the log and the records: the list of pages of a bag, its index, and `bag-info.txt`."""

import json
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import chain
from operator import lt
from types import NoneType
from typing import Any

from pydantic import ValidationError

from bot.errors import EvidenceError
from bot.snapshot.archive.bag import PAGES, Bag, parse_bag_info
from bot.snapshot.archive.change_list import is_rendition, page_of
from bot.snapshot.archive.entry import PageState, entry_of, id_order, line_format, page_id_of, safe_id_of
from bot.snapshot.archive.indexes import IndexedPage, IndexRow, indexed, render_tree_index, standing_text
from bot.snapshot.archive.inspection import FindingKind, Inspection
from bot.snapshot.archive.paths import is_bag_of, redacted_path, safe_id
from bot.snapshot.archive.record import RecordedStatus
from bot.snapshot.verify.event_line import LoggedPage
from bot.snapshot.verify.record_reader import ReadRecord, RecordReader

_UNSALTED, _SALTED = (f'{{"format": "{line_format(has_salt=salt)}", "page": ' for salt in (False, True))
_SHOWN = ', "shown": '
_TEXTS = ("page_id", "path", "space_key", "title", "url")
_STATUSES = {each.value: each.value for each in RecordedStatus}
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
_DIGEST = re.compile("[0-9a-f]{64}")
_DIGEST_IN_NAME = 17  # with the hyphen
_MAX_DIGITS = 18  # as in the log
_quoted = json.encoder.encode_basestring
_NO_RECORD = "is not a record of a captured page"


@dataclass
class BagCheck:
    """The parts of one bag that must be functions of log and records."""

    inspection: Inspection
    bag: Bag
    pages: Mapping[str, LoggedPage]
    """The last state of each page of the bag, by id in file names."""
    records: RecordReader
    is_due: Callable[[str], bool]
    """Whether the record at a path is read."""
    gone: Collection[str] = frozenset()
    """Paths of the files that redactions removed."""
    _indexed: dict[str, IndexedPage] = field(default_factory=dict)

    def check(self, *, is_whole: bool) -> IndexRow | None:
        """Compare the list of pages with log and records; with *is_whole* also the index and `bag-info.txt`.

        Returns the row of the bag in the index of all bags if the index of the bag could be made again.
        """
        path = f"{self.bag.name}/{PAGES}"
        views = {page_of(path): path for path in self.bag.manifest if is_rendition(path)}
        lines = self._lines(path)
        found = {safe_id_of(line): line for line in lines}
        if len(found) < len(lines):
            self._report(path, "lists a page twice")
        for page, log in self.pages.items():
            self._check_line(path, page, log, views.get(page, ""), found.pop(page, None))
        for page in found:
            self._report(path, f"lists page {page or 'without an id'}, which the log does not know in this bag")
        if not is_whole or self._has_findings(path) or len(self._indexed) < len(self.pages):
            return None
        bag, known = self.bag, [self.pages[page] for page in self._indexed]
        self._check_tag("README.md", render_tree_index(bag.space_key, bag.origin, self._indexed.values()))
        self._check_tag("bag-info.txt", bag.bag_info())
        gone = sum(log.tombstone is not None for log in known)
        redacted = sum(log.redacted_at is not None for log in known)
        return IndexRow(bag.name, bag.space_key, len(known), gone, redacted)

    def _lines(self, path: str) -> list[str]:
        data = (self.inspection.read(path) or b"").decode("utf-8", "replace")
        *lines, last = data.split("\n")
        order = [id_order(page_id_of(line)) for line in lines]
        if last or not all(map(lt, order, order[1:])):
            self._report(path, "is not in order of the page ids, has a line twice, or ends without a line feed")
        return lines

    def _check_line(self, path: str, page: str, log: LoggedPage, view: str, line: str | None) -> None:
        if line is None:
            self._report(path, f"does not list page {page}, which was captured")
            return
        has_salt = line.startswith(_SALTED)
        start = f"{_SALTED if has_salt else _UNSALTED}{log.text}{_SHOWN}"
        if not line.startswith(start):
            self._report(path, f"the state of page {page} is not the one in the log")
            return
        record_path = log.record
        if not self.is_due(f"{self.bag.name}/{record_path}"):
            return
        shown = self._rebuild(page, log, record_path, view)
        if shown is None:
            return
        if line != _render(start, shown) or has_salt != ("salt" in shown):
            self._report(path, f"what it shows of page {page} is not what the record {record_path} says")

    def _rebuild(self, page: str, log: LoggedPage, record_path: str, view: str) -> dict[str, Any] | None:
        """Return what the list shows of a page, empty for a redacted page; None if the record is no help."""
        if log.redacted_at:
            return self._rebuild_redacted(page, log, view)
        full = f"{self.bag.name}/{record_path}"
        found = self._find_record(full)
        if found is None:
            return None
        self._compare(found, log, view, full)
        shown = found.shown
        shown["path"] = view
        row = index_page(shown, log)
        if row is None:
            self._report(full, _NO_RECORD)
            return None
        self._indexed[page] = row
        return shown

    def _rebuild_redacted(self, page: str, log: LoggedPage, view: str) -> dict[str, Any] | None:
        if view != redacted_path(page):
            self._report(f"{self.bag.name}/{view}", "does not have the path of a redacted page")
        try:
            state = PageState.model_validate_json(log.text)
        except ValidationError as error:
            message = f"the log has a state that no page can have: {error.errors()[0]['msg']}"
            self._report(f"{self.bag.name}/{PAGES}", message)
            return None
        self._indexed[page] = indexed(entry_of(state, None, self.bag.space_key))
        return {}

    def _compare(self, record: ReadRecord, log: LoggedPage, view: str, full: str) -> None:
        """Compare what a record says with the state of the page, and with the manifest."""
        if record.path not in (None, view):
            self._report(f"{self.bag.name}/{view}", f"does not have the path that the record says: {record.path}")
        if not _is_name_of(record.shown["page_id"], log.id):
            self._report(full, f"is not a record of page {log.id}")
        if record.body != (log.source, log.sha256, log.version):
            self._report(full, f"is not the record of the body {log.source}, version {log.version}, of its page")
        for path, digest in record.files:
            is_kept = path in self.bag.manifest and not is_rendition(path)
            is_gone = f"{self.bag.name}/{path}" in self.gone and _DIGEST.fullmatch(digest or "")
            if (not is_kept or self.bag.manifest[path] != digest) and not is_gone:
                self._report(full, f"lists the attachment {path}, which was not captured with that digest")

    def _find_record(self, path: str) -> ReadRecord | None:
        try:
            found = self.records.find(path, self.inspection.tree.read)
        except (OSError, EvidenceError):
            found = None
        if found is None and self.inspection.tree.has_file(path):
            self._report(path, _NO_RECORD)
        return found

    def _check_tag(self, name: str, expected: bytes) -> None:
        path = f"{self.bag.name}/{name}"
        if self.inspection.tree.has_file(path) and self.inspection.read(path) != expected:
            self._report(path, "is not what the captured pages make it")

    def _has_findings(self, path: str) -> bool:
        return any(finding.path == path for finding in self.inspection.findings)

    def _report(self, path: str, message: str) -> None:
        self.inspection.report(FindingKind.LOG, path, message)


def load_checked_bag(
    inspection: Inspection, name: str, manifest: dict[str, str], *, origin: str, octets: int | None
) -> Bag | None:
    """Return a bag without entries, as it must be for the payload found; None if its tag files cannot be read."""
    path = f"{name}/bag-info.txt"
    try:
        info = parse_bag_info(inspection.tree.read(path), name=path)
        stated = int(info["Payload-Oxum"].partition(".")[0])
        size = stated if octets is None else octets
        bag = Bag(name, info["External-Identifier"], origin, payload_bytes=size)
    except OSError:
        return None  # reported as missing
    except (EvidenceError, KeyError, ValueError) as error:
        inspection.report(FindingKind.MALFORMED, path, f"cannot be read: {error}")
        return None
    if not is_bag_of(name, bag.space_key):
        inspection.report(FindingKind.MALFORMED, path, f"is of the space {bag.space_key}, which no bag {name} can have")
    bag.manifest = manifest
    return bag


def _is_name_of(page_id: str, name: str) -> bool:
    """Return whether file names have *name* for a page; the words in front of a digest do not count."""
    expected = safe_id(page_id)
    return name == expected or (expected != page_id and name.endswith(expected[-_DIGEST_IN_NAME:]))


def index_page(shown: dict[str, Any], log: LoggedPage) -> IndexedPage | None:
    """Return what `PageEntry` and `indexed` make of a page; None for types and forms that wikibot does not write.

    `VERIFY.md` has the same rules.
    """
    texts, above, position = [shown[name] for name in _TEXTS], shown["ancestors"], shown["position"]
    if type(above) is not list or type(position) not in (int, NoneType) or len(log.version) > _MAX_DIGITS:
        return None
    try:
        ancestors = [(each["id"], each["title"]) for each in above]
        if sum(map(len, above)) > 2 * len(above):
            return None
        "".join([*texts, *chain.from_iterable(ancestors)]).encode()  # lone surrogates are no text
        day = _read_day(shown["version_when"])
        gone = log.tombstone and _read_day(log.tombstone)
        _read_day(log.captured_at)
        status = _STATUSES[shown["status"]]
    except (TypeError, KeyError, ValueError):
        return None
    page_id, path, _, title, _ = texts
    standing = standing_text(status, gone, None, log.archived == "true")
    return IndexedPage(page_id, title, path, position, ancestors, standing, log.version, day)


@lru_cache(maxsize=1024)
def _read_day(when: str) -> str:
    """Return the day of a time; raises `ValueError` for a text that is none, or has an unusual form."""
    day = _TIME.fullmatch(when)
    if day is None:
        raise ValueError(when)
    datetime.fromisoformat(when)
    return day[1]


def _render(start: str, shown: dict[str, Any]) -> str:
    """Return a line of the list, as `dump_line` does, faster; *shown* is empty for a redacted page."""
    if not shown:
        return f"{start}null}}"
    quoted, position = _quoted, shown["position"]
    above = ", ".join([f'{{"id": {quoted(x["id"])}, "title": {quoted(x["title"])}}}' for x in shown["ancestors"]])
    salt = f'"salt": {quoted(shown["salt"])}, ' if "salt" in shown else ""
    return (
        f'{start}{{"ancestors": [{above}], "page_id": {quoted(shown["page_id"])}, "path": {quoted(shown["path"])}, '
        f'"position": {"null" if position is None else position}, {salt}"space_key": {quoted(shown["space_key"])}, '
        f'"status": {quoted(shown["status"])}, "title": {quoted(shown["title"])}, "url": {quoted(shown["url"])}, '
        f'"version_when": {quoted(shown["version_when"])}}}}}'
    )
