"""Capture a small wiki and read the result."""

import datetime as dt
import json
import re
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

from bot.config.policy import ArchivedSettings, HistoryMode
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.record import PageRecord
from bot.snapshot.archive.salt import Salts
from bot.snapshot.archive.writer import open_writer
from bot.snapshot.capture.audience import Audience
from bot.snapshot.capture.bulk_consent import BulkConsent
from bot.snapshot.capture.capture_options import CaptureOptions, SpaceRequest
from bot.snapshot.capture.outcome import CaptureOutcome
from bot.snapshot.capture.parts import PART_PAGES
from bot.snapshot.capture.run import capture
from bot.snapshot.capture.selection import RuleName
from bot.snapshot.capture.serial_executor import SerialExecutor
from bot.snapshot.query.event_texts import EventTexts
from tests.snapshot.small_tree import CLOCK, SOFTWARE, state_of
from tests.snapshot.small_wiki import SmallWiki

RULE = ArchivedSettings(status=True, labels=("archived",))


NO_CONSENT = BulkConsent()


def consent_to(outcome: CaptureOutcome) -> BulkConsent:
    """Return the consent to all lists that *outcome* asks for."""
    asked = {option: set[str]() for option in ("gone", "deselected")}
    for trouble in outcome.unknown:
        for option, digest in re.findall(r"--accept-(gone|deselected) ([0-9a-f]{16})", trouble.reason):
            asked[option].add(digest)
    return BulkConsent(frozenset(asked["gone"]), frozenset(asked["deselected"]))


def run_capture(
    wiki: SmallWiki,
    root: Path,
    *,
    rule: ArchivedSettings = RULE,
    everything: bool = False,
    history: HistoryMode = HistoryMode.CHANGES,
    day: int = 0,
    hours: int = 0,
    disk: Disk | None = None,
    on_page: Callable[[str, int], None] = lambda _title, _total: None,
    executor: Executor | None = None,
    consent: BulkConsent = NO_CONSENT,
    roster: Collection[str] = (),
    places: Mapping[RuleName, str] | None = None,
    audience: Audience = Audience.OPEN,
    spaces: Collection[str] = ("WS2",),
    part_pages: int = PART_PAGES,
    parallel_requests: int = 4,
    should_stop: Callable[[], bool] = lambda: False,
    salts: Salts | None = None,
) -> CaptureOutcome:
    now = CLOCK + dt.timedelta(days=day, hours=hours)
    options = CaptureOptions(
        executor or SerialExecutor(),
        history,
        consent,
        roster,
        audience,
        part_pages=part_pages,
        parallel_requests=parallel_requests,
        on_page=on_page,
        should_stop=should_stop,
    )
    with open_writer(
        state_of(root, salts),
        origin="https://wiki.test",
        software=SOFTWARE,
        clock=lambda: now,
        disk=disk,
    ) as writer:
        requests = [SpaceRequest(space, rule, everything, places or {}) for space in spaces]
        return capture(wiki.gateway, writer, requests, options)


def markdown_of(root: Path, title: str) -> str:
    library = load_library(root)
    bag, entry = library.get_page(title)
    return (root / bag.name / entry.path).read_text(encoding="utf-8")


def record_of(root: Path, title: str) -> PageRecord:
    library = load_library(root)
    return library.load_record(*library.get_page(title))


def events_of(root: Path, sequence: int) -> list[dict[str, Any]]:
    (path,) = root.glob(f"log/*/{sequence:06}.events.jsonl")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def details_of(root: Path, sequence: int) -> list[str]:
    """Return what a run did, as people read it."""
    library = load_library(root)
    texts = EventTexts(library)
    return [texts.describe(logged) for logged in library.iter_log() if logged.sequence == sequence]
