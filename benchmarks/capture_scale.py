"""Growth of a capture beyond fetching: first capture, run without changes, 50 changes; the pages come from memory.

python -m benchmarks.capture_scale [PAGES ...]
"""

import datetime as dt
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

from bot.config.policy import ArchivedSettings
from bot.snapshot.archive.evidence_state import EvidenceState
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.capture.capture_options import CaptureOptions, SpaceRequest
from bot.snapshot.capture.run import capture
from bot.snapshot.capture.serial_executor import SerialExecutor
from bot.wiki.gateway import (
    ListingEntry,
    Page,
    PageParts,
    PageRef,
    PageStatus,
    Restrictions,
    User,
    Version,
    WikiGateway,
)

_SIZES = (2_000, 10_000, 20_000)
_NOW = dt.datetime(2026, 1, 5, 9, tzinfo=dt.UTC)
_BODY = "<h2>Decisions</h2>" + "<p>The <strong>board</strong> agreed on the plan.</p>" * 20
_ANA = User("u1", "Ana", "ana")
_STEPS = {"first capture": 0, "no changes": 0, "50 changed": 50, "no changes again": 50}
_MEBIBYTE = 1 << 20


class PlainWiki:
    """Answers what a Data Center wiki answers about a space whose pages are made when they are asked for."""

    base_url = "https://wiki.example.org"
    addresses = (base_url,)
    current_user = _ANA
    people = (_ANA,)

    def __init__(self, pages: int, changed: int) -> None:
        self.requests: dict[str, int] = {}
        self.bodies_read = 0
        self._pages, self._step = pages, pages // changed if changed else 0

    def iter_listed(self, space_key: str, *, again: bool = False) -> Iterator[ListingEntry]:  # noqa: ARG002 -- alike
        """List all pages with their parts."""
        for number in range(self._pages):
            parts = PageParts(frozenset({"archived"}), (), (), Restrictions())
            yield ListingEntry(self._ref(number, space_key), parts)

    def iter_refs_again(self, space_key: str, _statuses: Sequence[PageStatus]) -> Iterator[PageRef]:
        """List all pages."""
        return (self._ref(number, space_key) for number in range(self._pages))

    def fetch_captures(self, page_ids: Sequence[str]) -> dict[str, tuple[Page, PageParts]]:
        """Return pages with their bodies and parts."""
        parts = PageParts(frozenset({"archived"}), (), (), Restrictions())
        return {page_id: (self.fetch_page(page_id), parts) for page_id in page_ids}

    def fetch_page(self, page_id: str) -> Page:
        """Return a page with its body."""
        self.bodies_read += 1
        ref = self._ref(int(page_id) - 1_000_000, "WS2")
        return Page(ref, f"<p>{page_id} {ref.version.number}</p>{_BODY}")

    def count_pages(self, _space_key: str) -> int:
        """Return the number of pages."""
        return self._pages

    def find_pages_below(self, _page_id: str) -> frozenset[str]:
        """Return no pages, as on Data Center."""
        return frozenset()

    def find_labelled(self, _space_key: str, label: str) -> list[str]:
        """Return the pages with a label."""
        return [str(1_000_000 + number) for number in range(self._pages)] if label == "archived" else []

    def fetch_space_labels(self, _space_key: str) -> frozenset[str]:
        """Return the labels of the space."""
        return frozenset({"archived"})

    def fetch_labels(self, _page_id: str) -> frozenset[str]:
        """Return the labels of any page."""
        return frozenset({"archived"})

    def list_labels(self, _space_key: str, _only: object = None, _fetchers: object = None) -> None:
        """The listing has the labels."""

    def fetch_newest_attachments(self, _since: object, _most: int) -> None:
        """The listing has the attachments."""

    def fetch_newest_comments(self, _since: object, _most: int) -> None:
        """The listing has the comments."""

    def fetch_containers_above(self, _refs: object) -> list[object]:
        """There are no folders."""
        return []

    def fetch_containers_in(self, _space_key: str, _known: object) -> list[object]:
        """There are no folders."""
        return []

    def _ref(self, number: int, space_key: str) -> PageRef:
        version = 2 if self._step and number % self._step == 0 else 1
        page_id = str(1_000_000 + number)
        return PageRef(
            page_id,
            f"Minutes of meeting {number}",
            space_key,
            PageStatus.CURRENT,
            Version(version, _NOW + dt.timedelta(hours=version), User("u1", "Ana", "ana"), ""),
            str(1_000_000 + number // 20) if number else None,
            None,
            f"https://wiki.example.org/pages/viewpage.action?pageId={page_id}",
        )


def main(sizes: Sequence[int]) -> None:
    """Measure each step at each size in a process of its own, and print a table."""
    print("| pages | step | wall s | of it listing s | CPU s | peak MB | above an empty capture MB | bodies read |")
    print("|--:|---|--:|--:|--:|--:|--:|--:|")
    with tempfile.TemporaryDirectory() as folder:
        empty = measure(Path(folder, "empty"), 1, 0)["peak"]
    for pages in sizes:
        with tempfile.TemporaryDirectory() as folder:
            for day, (step, changed) in enumerate(_STEPS.items()):
                found = measure(Path(folder), pages, changed, day)
                figures = f"{found['wall']:.2f} | {found['listing']:.2f} | {found['cpu']:.2f} | {found['peak']:.0f}"
                more = f"{found['peak'] - empty:.0f} | {found['bodies']:.0f}"
                print(f"| {pages:,} | {step} | {figures} | {more} |", flush=True)


def measure(folder: Path, pages: int, changed: int, day: int = 0) -> dict[str, float]:
    """Capture once in a process of its own; return seconds, memory and what was read."""
    command = [sys.executable, "-m", "benchmarks.capture_scale", "--one", str(folder), *map(str, (pages, changed, day))]
    ran = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ)
    found: dict[str, float] = json.loads(ran.stdout)
    return found


def _one(folder: Path, pages: int, changed: int, day: int) -> None:
    """Capture once, and print what it took."""
    wiki = PlainWiki(pages, changed)
    began = time.monotonic()
    for _ in wiki.iter_listed("WS2"):
        pass
    listing = time.monotonic() - began
    state = EvidenceState(folder / "snapshots", folder / "state")
    now = _NOW + dt.timedelta(days=1 + day)
    began, used = time.monotonic(), time.process_time()
    with open_writer(state, origin=wiki.base_url, software="benchmark", clock=lambda: now) as writer:
        request = SpaceRequest("WS2", ArchivedSettings(), everything=True)
        outcome = capture(cast(WikiGateway, wiki), writer, [request], CaptureOptions(SerialExecutor()))
    assert not outcome.has_shortfall
    found = {
        "wall": time.monotonic() - began,
        "listing": listing,
        "cpu": time.process_time() - used,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / _MEBIBYTE,
        "bodies": wiki.bodies_read,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        _one(Path(sys.argv[2]), *map(int, sys.argv[3:]))
    else:
        main([int(size) for size in sys.argv[1:]] or _SIZES)
