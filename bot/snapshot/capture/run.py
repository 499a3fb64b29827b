"""One capture run: choose the pages, send them through the pipeline, handle vanished pages, and finish the run."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import datetime, timedelta

from bot.errors import AuthenticationError, EvidenceError, RateLimitedError, StoppedError, WikiUnreachableError
from bot.snapshot.archive.entry import id_order
from bot.snapshot.archive.events import AUDIT_HEAD, LEFT_OUT, NOT_CAPTURABLE
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.archive.writer import SnapshotWriter
from bot.snapshot.capture.audience import note_changed_audience
from bot.snapshot.capture.capture_memory import CaptureMemory, SpaceMemory
from bot.snapshot.capture.capture_options import CaptureOptions, SpaceRequest
from bot.snapshot.capture.captured_files import CapturedFiles
from bot.snapshot.capture.homes import Homes
from bot.snapshot.capture.kept_answers import KeptAnswers
from bot.snapshot.capture.known_pages import KnownPages
from bot.snapshot.capture.observer import Observer
from bot.snapshot.capture.outcome import CaptureOutcome, Trouble
from bot.snapshot.capture.part_writer import PartWriter
from bot.snapshot.capture.parts import Parts, find_parts
from bot.snapshot.capture.pipeline import Pipeline
from bot.snapshot.capture.selection import Selection
from bot.snapshot.capture.space_choice import SpaceChoice
from bot.snapshot.capture.surroundings import Neighbourhood
from bot.snapshot.capture.vanished import account_for_vanished
from bot.wiki.gateway import User, WikiGateway

_NAMED = 5  # people whose ids are named in a message
_INTERRUPTIONS = (AuthenticationError, RateLimitedError, StoppedError, WikiUnreachableError)
"""After another error the next capture asks everything again, because an answer may be the reason."""
_OLDEST_PART = timedelta(days=2)  # the next capture asks about changes since then, if this one was interrupted


def capture(
    gateway: WikiGateway, writer: SnapshotWriter, requests: Sequence[SpaceRequest], options: CaptureOptions
) -> CaptureOutcome:
    """Capture every requested space and finish the run; write nothing if nothing changed and nothing failed.

    What an interrupted capture has committed is not read again. A space that cannot be listed is a shortfall. Raises
    `WikiError` if no space can be listed; then nothing is written.
    """
    asked_before = Counter(gateway.requests)
    memory = CaptureMemory(writer.state, writer.now)
    account = gateway.current_user.id
    answers = gateway.answers = KeptAnswers(writer.state.answers, gateway.base_url, account, writer.now)
    is_interrupted = False
    fetchers = ThreadPoolExecutor(options.parallel_requests, thread_name_prefix="fetch")
    try:
        outcome, seen = _capture(gateway, writer, requests, options, memory, answers, fetchers)
    except BaseException as error:
        is_interrupted = isinstance(error, _INTERRUPTIONS) or not isinstance(error, Exception)
        raise
    finally:
        fetchers.shutdown(cancel_futures=True)
        gateway.answers = None
        answers.close(is_finished=not is_interrupted)
    memory.save(seen)  # now that the listings are not in memory any more
    outcome.requests = dict(Counter(gateway.requests) - asked_before)
    return outcome


def _capture(
    gateway: WikiGateway,
    writer: SnapshotWriter,
    requests: Sequence[SpaceRequest],
    options: CaptureOptions,
    memory: CaptureMemory,
    answers: KeptAnswers,
    fetchers: Executor,
) -> tuple[CaptureOutcome, dict[str, SpaceMemory | None]]:
    """Return the outcome, and what the next capture of each space can rely on."""
    outcome = CaptureOutcome(was_recovered=writer.was_recovered, audit_head=options.audit_head)
    account = gateway.current_user
    choice = SpaceChoice(gateway, outcome, options, memory, fetchers, answers)
    selections = list(choice.select_all(requests))
    outcome.queries = tuple(selection.query for selection in selections)
    outcome.expected = sum(len(selection.expected) for selection in selections)
    parts = find_parts(writer.library, options.history, writer.now)
    began = writer.now - _OLDEST_PART if parts.count else writer.now
    observer = Observer(gateway, writer, options.history, fetchers, options.parallel_requests)
    answers.begin_pages(parts.count)
    part_writer = PartWriter(
        writer, options, outcome, parts, account.id, lambda: _is_every_name_missing(gateway), answers
    )
    homes = Homes(writer.library, selections)
    known = [KnownPages(selection, writer.library, options.history) for selection in selections]
    judged = []
    for selection, pages in zip(selections, known, strict=True):
        note_changed_audience(writer, selection, outcome)
        neighbourhood = _neighbourhood(gateway, selection, homes, outcome, writer)
        pipeline = Pipeline(selection, neighbourhood, pages, homes, observer, part_writer)
        pipeline.run()
        judged.append(choice.judge_labels(requests, selection, writer.library, pipeline.archived_labels))
    account_for_vanished(gateway, writer, judged, outcome, options.consent)
    observer.read_sample_again(outcome)
    _note_people(gateway, outcome, parts)
    is_complete = outcome.verdict is RunVerdict.COMPLETE
    if writer.has_changes or parts.count or not is_complete or _differs_from_last(writer, outcome):
        part_writer.finish(outcome.run_event(_digest_of_ids(selections)), outcome.verdict)
    return outcome, {each.selection.space_key: _remember(each, outcome, began) for each in known}


def _differs_from_last(writer: SnapshotWriter, outcome: CaptureOutcome) -> bool:
    """Return whether the last run had another verdict, nodes without content, pages left out or audit log."""
    logged = _last_facts(writer)
    found = outcome.nodes_without_content(), outcome.left_out, outcome.verdict, outcome.audit_head
    return found != (
        logged.get(NOT_CAPTURABLE, []),
        logged.get(LEFT_OUT, 0),
        logged.get("verdict", outcome.verdict),
        logged.get(AUDIT_HEAD),
    )


def _last_facts(writer: SnapshotWriter) -> Mapping[str, object]:
    """Return the facts of the last run of a capture, as logged."""
    head = writer.library.head
    if head is None or head.events_path is None:
        return {}
    try:
        logged = writer.library.load_events(head)
    except EvidenceError:
        return {}  # `verify` reports a damaged log
    return next((each.event.facts for each in logged if NOT_CAPTURABLE in each.event.facts), {})


def _neighbourhood(
    gateway: WikiGateway, selection: Selection, homes: Homes, outcome: CaptureOutcome, writer: SnapshotWriter
) -> Neighbourhood:
    def on_failure(page_id: str, reason: str) -> None:
        outcome.doubts.append(Trouble(page_id, selection.listed[page_id].title, reason))

    files = CapturedFiles(gateway, writer.library, on_failure)
    return Neighbourhood(
        gateway,
        selection.space_key,
        selection.listed,
        selection.containers,
        homes,
        homes.find_titled,
        homes.space_of,
        on_failure,
        selection.shows,
        homes.is_redacted,
        writer.now,
        files.of,
        files.find_uncaptured,
        is_for_everyone=selection.access is None,
    )


def _remember(known: KnownPages, outcome: CaptureOutcome, began: datetime) -> SpaceMemory | None:
    """Return what the next capture of a space can rely on; None if the sources of this one did not agree."""
    selection = known.selection
    census, uncertain = selection.census, {each.page_id for each in (*outcome.shortfalls, *outcome.doubts)}
    if census is None or selection.space_key in uncertain:
        return None
    overview = selection.overview
    restricted: dict[str, bool] = {}
    if not overview.lists_restrictions:
        restricted = overview.own_readers | (selection.access.own_readers if selection.access else {})
    return overview.remember(began).replaced(
        labelled={label: tuple(sorted(found)) for label, found in census.labelled.items() if label not in uncertain},
        absent_labels=tuple(sorted(census.absent_labels)),
        restricted=restricted,
        fingerprints=known.noted,
        again=tuple(sorted(uncertain & selection.listed.keys())),
    )


def _note_people(gateway: WikiGateway, outcome: CaptureOutcome, parts: Parts) -> None:
    """Say which people have no name; if none has one, the wiki may refuse the question."""
    unnamed = _find_unnamed(gateway)
    is_refused = parts.has_unnamed_people or _is_every_name_missing(gateway)
    if unnamed or is_refused:
        ids = ", ".join(sorted(person.id for person in unnamed)[:_NAMED])
        names = f"names of {len(unnamed)} people" if unnamed else "names of people"
        trouble = Trouble(ids, names, "the wiki gives none, so their ids are recorded")
        (outcome.doubts if is_refused else outcome.notes).append(trouble)


def _find_unnamed(gateway: WikiGateway) -> list[User]:
    return [person for person in gateway.people if person.display_name == person.id]


def _is_every_name_missing(gateway: WikiGateway) -> bool:
    unnamed = _find_unnamed(gateway)
    return bool(unnamed) and len(unnamed) == len(gateway.people)


def _digest_of_ids(selections: Sequence[Selection]) -> str:
    """Return the SHA-256 of the ids of all expected pages, one per line, in order."""
    ids = sorted((ref.id for selection in selections for ref in selection.expected), key=id_order)
    return hashlib.sha256("".join(f"{page_id}\n" for page_id in ids).encode()).hexdigest()
