"""One capture run: select, observe, compare with the captured state, convert, write; then handle vanished pages."""

import hashlib
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from bot.config.policy import ArchivedSettings, HistoryMode
from bot.errors import (
    AuthenticationError,
    EvidenceError,
    PageNotFoundError,
    PermissionDeniedError,
    StoppedError,
    WikiError,
    WikiUnreachableError,
)
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.entry import id_order
from bot.snapshot.archive.events import LEFT_OUT, NOT_CAPTURABLE, EventOutcome
from bot.snapshot.archive.writer import SnapshotWriter
from bot.snapshot.capture.audience import Audience, choose_for, note_changed_audience
from bot.snapshot.capture.observation import Known, Observation, observe
from bot.snapshot.capture.outcome import CaptureOutcome, Trouble
from bot.snapshot.capture.page_capture import PageCapture
from bot.snapshot.capture.rendition import CONVERTER, Rendition, render_page
from bot.snapshot.capture.selection import RuleName, Selection, select
from bot.snapshot.capture.surroundings import Neighbourhood
from bot.snapshot.capture.vanished import account_for_vanished
from bot.wiki.gateway import Page, PageRef, Restrictions, WikiGateway
from bot.wiki.page_tree import find_defects

_BATCH = 100  # bodies in memory at once
_IN_FLIGHT = 16  # pages with attachments in memory at once, being observed or converted
_GIVE_UP_AFTER = 3  # consecutive pages without an answer
_FETCHERS = 4  # threads that read from the wiki


@dataclass(frozen=True, slots=True)
class SpaceRequest:
    """A space to capture, and the rule by which its pages count as archived.

    *places* has the rules that a person wrote, each with its file and line. *recall* and *remember* give access to the
    page memory: title → page id.
    """

    space_key: str
    rule: ArchivedSettings
    everything: bool = False
    places: Mapping[RuleName, str] = field(default_factory=dict)
    recall: Callable[[str], str | None] = lambda _title: None
    remember: Callable[[str, str], None] = lambda _title, _page_id: None


@dataclass(frozen=True, slots=True)
class CaptureOptions:
    """Options of a run. *executor* converts; *audience* says which pages the folder has.

    With *accepts_many_gone*, a mass deletion is accepted as real, with *accepts_many_deselected* that many pages leave
    the selection at once.
    """

    executor: Executor
    history: HistoryMode = HistoryMode.CHANGES
    accepts_many_gone: bool = False
    accepts_many_deselected: bool = False
    audience: Audience = Audience.OPEN
    on_page: Callable[[str, int], None] = lambda _title, _total: None
    should_stop: Callable[[], bool] = lambda: False


@dataclass
class _Run:
    gateway: WikiGateway
    writer: SnapshotWriter
    options: CaptureOptions
    outcome: CaptureOutcome
    homes: dict[str, tuple[Bag, str]] = field(default_factory=dict)
    """Page id → its bag and the path of its rendition in the bag, for all captured and expected pages."""
    unanswered: int = 0


def capture(
    gateway: WikiGateway, writer: SnapshotWriter, requests: Sequence[SpaceRequest], options: CaptureOptions
) -> CaptureOutcome:
    """Capture every requested space and finish the run; write nothing if nothing changed and nothing failed.

    A space that cannot be listed is a shortfall. Raises `WikiError` if no space can be listed; then nothing is written.
    """
    outcome = CaptureOutcome(was_recovered=writer.was_recovered)
    account = gateway.fetch_current_user()
    selections = list(_select_all(gateway, _unique(requests), outcome, options.audience))
    outcome.queries = tuple(selection.query for selection in selections)
    outcome.expected = sum(len(selection.expected) for selection in selections)
    run = _Run(gateway, writer, options, outcome)
    run.homes = {entry.page_id: (bag, entry.path) for bag, entry in writer.library.iter_entries()}
    for selection in selections:
        _make_room(run, selection)
    for selection in selections:
        note_changed_audience(writer, selection, outcome)
        _capture_space(run, selection, _neighbourhood(run, selection, selections))
    account_for_vanished(
        gateway,
        writer,
        selections,
        outcome,
        accepts_many=options.accepts_many_gone,
        accepts_many_deselected=options.accepts_many_deselected,
    )
    if writer.has_changes or outcome.has_shortfall or _has_other_counts(writer, outcome):
        agents = (writer.software, CONVERTER, account.id)
        event = outcome.run_event(_digest_of_ids(selections))
        outcome.checkpoint = writer.finish([event, *outcome.events], agents=agents, verdict=outcome.verdict)
    return outcome


def _has_other_counts(writer: SnapshotWriter, outcome: CaptureOutcome) -> bool:
    """Return whether other nodes cannot be captured, or other numbers of pages are left out, than in the last run."""
    logged = _last_facts(writer)
    found = outcome.nodes_without_content(), outcome.left_out
    return found != (logged.get(NOT_CAPTURABLE, []), logged.get(LEFT_OUT, 0))


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


def _select_all(
    gateway: WikiGateway, requests: Sequence[SpaceRequest], outcome: CaptureOutcome, audience: Audience
) -> Iterator[Selection]:
    failed: list[WikiError] = []
    for request in requests:
        try:
            yield _select(gateway, request, outcome, audience)
        except WikiError as error:
            failed.append(error)
            outcome.add_unlisted(Trouble(request.space_key, f"space {request.space_key}", str(error)))
    if failed and len(failed) == len(requests):
        raise failed[0]


def _select(gateway: WikiGateway, request: SpaceRequest, outcome: CaptureOutcome, audience: Audience) -> Selection:
    """Select the pages of one space; note what makes the selection uncertain, and what has no body."""
    selection = select(
        gateway,
        request.space_key,
        request.rule,
        everything=request.everything,
        lists_all_nodes=True,
        stated=request.places,
        recall=request.recall,
    )
    for reference, node_id in selection.roots.items():
        request.remember(reference, node_id)
    for problem in selection.problems:
        place = request.places.get(problem.rule, ".".join(("archived", *problem.rule)))
        trouble = Trouble(problem.rule[1], place, problem.message)
        outcome.note(outcome.unmatched, trouble, logged_as=PurePath(place).name)  # no folder names in the evidence
    for message in selection.unlisted:
        outcome.note(outcome.unplaced, Trouble(request.space_key, f"space {request.space_key}", message))
    shared = choose_for(audience, gateway, selection, outcome)
    for node, defect in find_defects(selection.tree()):
        title = node.title if shared.shows(node.id) else f"{node.kind} {node.id}"
        outcome.note(outcome.unplaced, Trouble(node.id, title, defect))
    outcome.not_capturable += [
        Trouble(node.id, node.title, f"a {node.kind}, which cannot be captured")
        for node in selection.without_content()
        if shared.shows(node.id)
    ]
    return shared


def _unique(requests: Sequence[SpaceRequest]) -> list[SpaceRequest]:
    """Merge requests for the same space, which several workspaces may share."""
    joined: dict[str, SpaceRequest] = {}
    for request in requests:
        other = joined.get(request.space_key)
        if other is None:
            joined[request.space_key] = request
            continue
        rule = other.rule.joined_with(request.rule)
        joined[request.space_key] = replace(
            other,
            rule=rule,
            everything=request.everything or other.everything,
            places={**request.places, **other.places},
        )
    return list(joined.values())


def _make_room(run: _Run, selection: Selection) -> None:
    """Assign a path to every expected page before the first is converted, so that links between pages resolve."""
    for ref in sorted(selection.chosen, key=lambda ref: id_order(ref.id)):
        if ref.id not in run.homes:
            bag = run.writer.library.place(selection.space_key, ref.id)
            run.homes[ref.id] = (bag, f"data/{ref.version.when.year:04}/{paths.page_name(ref.title, ref.id)}")


def _neighbourhood(run: _Run, selection: Selection, selections: Sequence[Selection]) -> Neighbourhood:
    places = {page_id: f"{bag.name}/{path}" for page_id, (bag, path) in run.homes.items()}
    spaces = {entry.page_id: (entry.title, entry.space_key) for _, entry in run.writer.library.iter_entries()}
    for other in selections:
        spaces |= {ref.id: (ref.title, other.space_key) for ref in other.chosen}
    titles = defaultdict(list)
    for page_id, (title, _) in spaces.items():
        titles[title].append(page_id)
    space_of = {page_id: space_key for page_id, (_, space_key) in spaces.items()}
    return Neighbourhood(
        run.gateway,
        selection.space_key,
        selection.listed,
        selection.containers,
        places,
        titles,
        space_of,
        selection.shows,
        frozenset(entry.page_id for _, entry in run.writer.library.iter_entries() if entry.redacted_at),
    )


def _capture_space(run: _Run, selection: Selection, neighbourhood: Neighbourhood) -> None:
    """Observe in threads, convert in the executor, write in this thread; each step preserves the order of the pages."""
    writing: deque[tuple[PageCapture, Future[Rendition]]] = deque()
    for ref, observation in _observe_all(run, selection):
        run.options.on_page(ref.title, run.outcome.expected)
        if run.options.should_stop():
            raise StoppedError(
                "the capture was asked to stop; nothing was written, and the next run starts from the beginning"
            )
        if isinstance(observation, WikiError):
            _note_trouble(run, ref, observation)
            continue
        run.unanswered = 0
        if observation.restrictions.readers and run.options.audience is Audience.OPEN:
            trouble = Trouble(ref.id, f"page {ref.id}", "left out, because it was restricted while the capture ran")
            run.outcome.add_trouble(EventOutcome.RESTRICTED, trouble)
            continue
        bag, path = run.homes[ref.id]
        page = PageCapture(run.writer, run.outcome, bag, path, selection, observation)
        if page.needs_writing():
            bodies = [observation.page.body, *(comment.body for comment in observation.comments)]
            record = page.complete(neighbourhood.around("\n".join(bodies), ref.id))
            job = run.options.executor.submit(render_page, record, observation.page.body, path, run.writer.origin)
            writing.append((page, job))
        while len(writing) >= _IN_FLIGHT:
            _write(writing.popleft())
    while writing:
        _write(writing.popleft())


def _write(pending: tuple[PageCapture, Future[Rendition]]) -> None:
    page, job = pending
    page.write(job.result())


def _observe_all(run: _Run, selection: Selection) -> Iterator[tuple[PageRef, Observation | WikiError]]:
    refs = [ref for ref in selection.chosen if not _is_redacted(run, ref)]
    read = selection.access.restrictions if selection.access else {}
    with ThreadPoolExecutor(_FETCHERS, thread_name_prefix="observe") as threads:
        for start in range(0, len(refs), _BATCH):
            batch = refs[start : start + _BATCH]
            bodies = _fetch_bodies(run.gateway, batch)
            asked: deque[tuple[PageRef, Future[Observation | WikiError]]] = deque()
            for ref in batch:
                asked.append((ref, threads.submit(_observe_one, run, ref, bodies, read.get(ref.id))))
                if len(asked) >= _IN_FLIGHT:
                    first, job = asked.popleft()
                    yield first, job.result()
            for rest, job in asked:
                yield rest, job.result()


def _fetch_bodies(gateway: WikiGateway, refs: Sequence[PageRef]) -> dict[str, Page]:
    """Return the bodies, fetched in bulk; if that fails, each page is fetched separately and can fail separately."""
    try:
        return gateway.fetch_pages([ref.id for ref in refs])
    except WikiError:
        return {}


def _observe_one(
    run: _Run, ref: PageRef, bodies: dict[str, Page], restrictions: Restrictions | None
) -> Observation | WikiError:
    if run.unanswered >= _GIVE_UP_AFTER:
        return WikiUnreachableError("not tried, because the wiki did not answer any more")
    try:
        page = bodies.get(ref.id) or run.gateway.fetch_page(ref.id)
        known = _known(run, ref.id)
        return observe(run.gateway, page, known, run.options.history, run.writer.new_file, restrictions)
    except (WikiUnreachableError, AuthenticationError) as error:
        run.unanswered += 1
        return error
    except WikiError as error:
        return error


def _known(run: _Run, page_id: str) -> Known:
    library = run.writer.library
    bag = run.homes[page_id][0]
    entry = bag.entries.get(page_id)
    if entry is None:
        return Known()
    return Known(library.load_record(bag, entry), frozenset(map(paths.source_version, entry.sources)))


def _is_redacted(run: _Run, ref: PageRef) -> bool:
    entry = run.writer.library.find_entry(ref.id) if ref.id in run.homes else None
    if entry is None or entry.redacted_at is None:
        return False
    reason = f"redacted on {entry.redacted_at.date().isoformat()}, so not captured again"
    run.outcome.skipped.append(Trouble(ref.id, ref.title, reason))
    return True


def _note_trouble(run: _Run, ref: PageRef, error: WikiError) -> None:
    is_restricted = isinstance(error, PageNotFoundError | PermissionDeniedError)
    kind = EventOutcome.RESTRICTED if is_restricted else EventOutcome.FAILURE
    run.outcome.add_trouble(kind, Trouble(ref.id, ref.title, str(error)))


def _digest_of_ids(selections: Sequence[Selection]) -> str:
    """Return the SHA-256 of the ids of all expected pages, one per line, in order."""
    ids = sorted((ref.id for selection in selections for ref in selection.expected), key=id_order)
    return hashlib.sha256("".join(f"{page_id}\n" for page_id in ids).encode()).hexdigest()
