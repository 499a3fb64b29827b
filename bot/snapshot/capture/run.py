"""One capture run: select, observe, compare with the captured state, convert, write; then handle vanished pages."""

import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import PurePath
from typing import NamedTuple

from bot.config.policy import ArchivedSettings, HistoryMode
from bot.errors import (
    EvidenceError,
    PageNotFoundError,
    PermissionDeniedError,
    StoppedError,
    WikiError,
)
from bot.plural import counted
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.entry import id_order
from bot.snapshot.archive.events import LEFT_OUT, NOT_CAPTURABLE, Event, EventOutcome
from bot.snapshot.archive.verdict import RunVerdict
from bot.snapshot.archive.writer import SnapshotWriter
from bot.snapshot.capture.audience import Audience, choose_for, note_changed_audience
from bot.snapshot.capture.bulk_consent import BulkConsent
from bot.snapshot.capture.capture_memory import CaptureMemory, SpaceMemory
from bot.snapshot.capture.census import Census, add_roster, take_census
from bot.snapshot.capture.doubts import doubts_about
from bot.snapshot.capture.observation import Observation
from bot.snapshot.capture.observer import Observer
from bot.snapshot.capture.outcome import CaptureOutcome, Trouble
from bot.snapshot.capture.page_capture import PageCapture, held_parts
from bot.snapshot.capture.parts import PART_PAGES, Parts, find_parts, part_event
from bot.snapshot.capture.rendition import CONVERTER, Rendition, render_page
from bot.snapshot.capture.selection import RuleName, Selection, select
from bot.snapshot.capture.surroundings import Neighbourhood
from bot.snapshot.capture.vanished import Losses, account_for_vanished, judge_losses
from bot.wiki.gateway import PageRef, User, WikiGateway
from bot.wiki.page_tree import find_defects

_IN_FLIGHT = 16  # pages in memory at once that are being converted
_NAMED = 5  # people whose ids are named in a message
_OLDEST_PART = timedelta(days=2)  # the next capture asks about changes since then, if this one was interrupted


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
    """Options of a run. *executor* converts; *roster* has the ids that an administrator expects.

    *audience* says which pages the folder has. After *part_pages* changed pages, the capture commits a part.
    """

    executor: Executor
    history: HistoryMode = HistoryMode.CHANGES
    consent: BulkConsent = field(default_factory=BulkConsent)
    roster: Collection[str] = ()
    audience: Audience = Audience.OPEN
    parallel_requests: int = 8
    part_pages: int = PART_PAGES
    on_page: Callable[[str, int], None] = lambda _title, _total: None
    should_stop: Callable[[], bool] = lambda: False


@dataclass
class _Run:
    gateway: WikiGateway
    writer: SnapshotWriter
    options: CaptureOptions
    outcome: CaptureOutcome
    parts: Parts
    homes: dict[str, tuple[Bag, str]] = field(default_factory=dict)
    """Page id → its bag and the path of its rendition in the bag, for all captured and expected pages."""
    account: str = ""
    written: int = 0
    """Number of pages that were written since the last part."""

    @cached_property
    def observer(self) -> Observer:
        """Reads the pages; it is made when all pages have their bags."""
        bags = {page_id: bag for page_id, (bag, _) in self.homes.items()}
        return Observer(self.gateway, self.writer, self.options.history, bags, self.options.parallel_requests)

    def finish(self, event: Event, verdict: RunVerdict, *, goes_on: bool = False) -> None:
        """Commit everything since the last part as a run."""
        agents = (self.writer.software, CONVERTER, self.account)
        events = [event, *self.outcome.events]
        self.outcome.checkpoint = self.writer.finish(events, agents=agents, verdict=verdict, goes_on=goes_on)
        self.outcome.events.clear()

    def settle(self, page: PageCapture, job: Future[Rendition]) -> None:
        """Wait for the rendition of a page and write the page; a text that ends the converter is reported."""
        try:
            rendition = job.result()
        except BrokenExecutor as error:
            reason = f"not captured, because its text cannot be converted: {error}"
            trouble = Trouble(page.record.page_id, page.record.title, reason)
            self.outcome.add_trouble(EventOutcome.FAILURE, trouble)
            return
        self.write(page, rendition)

    def write(self, page: PageCapture, rendition: Rendition) -> None:
        """Write a page; if the part is full, commit the part first."""
        if self.written >= self.options.part_pages:
            self.parts.count += 1
            self.parts.has_unnamed_people |= _is_every_name_missing(self.gateway)
            event = part_event(
                self.parts.count,
                self.outcome,
                self.options.history,
                has_unnamed_people=self.parts.has_unnamed_people,
            )
            self.finish(event, RunVerdict.INCOMPLETE, goes_on=True)
            self.written = 0
        page.write(rendition)
        self.written += 1


class _KnownPages(NamedTuple):
    """All captured and expected pages of all spaces, as `Neighbourhood` has them."""

    places: dict[str, str]
    titles: dict[str, list[str]]
    space_of: dict[str, str]
    redacted: frozenset[str]


def capture(
    gateway: WikiGateway, writer: SnapshotWriter, requests: Sequence[SpaceRequest], options: CaptureOptions
) -> CaptureOutcome:
    """Capture every requested space and finish the run; write nothing if nothing changed and nothing failed.

    What an interrupted capture has committed is not read again. A space that cannot be listed is a shortfall. Raises
    `WikiError` if no space can be listed; then nothing is written.
    """
    outcome, asked_before = CaptureOutcome(was_recovered=writer.was_recovered), Counter(gateway.requests)
    account = gateway.current_user
    memory = CaptureMemory(writer.state, writer.now)
    selections = list(_select_all(gateway, _unique(requests), outcome, options, memory))
    outcome.queries = tuple(selection.query for selection in selections)
    outcome.expected = sum(len(selection.expected) for selection in selections)
    parts = find_parts(writer.library, options.history, writer.now)
    began = writer.now - _OLDEST_PART if parts.count else writer.now
    run = _Run(gateway, writer, options, outcome, parts, account=account.id)
    run.homes = {entry.page_id: (bag, entry.path) for bag, entry in writer.library.iter_entries()}
    for selection in selections:
        _make_room(run, selection)
    known = _find_known(run, selections)
    for selection in selections:
        note_changed_audience(writer, selection, outcome)
        _capture_space(run, selection, _neighbourhood(run, selection, known))
    account_for_vanished(gateway, writer, selections, outcome, options.consent)
    outcome.doubts += run.observer.read_sample_again()
    _note_people(gateway, outcome, parts)
    is_complete = outcome.verdict is RunVerdict.COMPLETE
    if writer.has_changes or parts.count or not is_complete or _differs_from_last(writer, outcome):
        run.finish(outcome.run_event(_digest_of_ids(selections)), outcome.verdict)
    outcome.requests = dict(Counter(gateway.requests) - asked_before)
    memory.save({each.space_key: _remember(each, outcome, began) for each in selections})
    return outcome


def _differs_from_last(writer: SnapshotWriter, outcome: CaptureOutcome) -> bool:
    """Return whether the last run had another verdict, other nodes that cannot be captured, or left out other pages."""
    logged = _last_facts(writer)
    found = outcome.nodes_without_content(), outcome.left_out, outcome.verdict
    return found != (logged.get(NOT_CAPTURABLE, []), logged.get(LEFT_OUT, 0), logged.get("verdict", outcome.verdict))


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
    gateway: WikiGateway,
    requests: Sequence[SpaceRequest],
    outcome: CaptureOutcome,
    options: CaptureOptions,
    memory: CaptureMemory,
) -> Iterator[Selection]:
    """Count each space by several sources, then select; raises `WikiError` if no space can be listed."""
    failed: list[WikiError] = []

    def give_up(request: SpaceRequest, error: WikiError) -> None:
        failed.append(error)
        outcome.add_unlisted(Trouble(request.space_key, f"space {request.space_key}", str(error)))

    listed: list[tuple[SpaceRequest, Census]] = []
    for request in requests:
        try:
            known, day = memory.of(request.space_key), memory.day
            listed.append((request, take_census(gateway, request.space_key, request.rule, known, day=day)))
        except WikiError as error:
            give_up(request, error)
    for trouble in add_roster(gateway, [census for _, census in listed], options.roster):
        outcome.note(outcome.missing, trouble)
    for request, census in listed:
        try:
            yield _select(gateway, request, census, outcome, options)
        except WikiError as error:
            give_up(request, error)
    if failed and len(failed) == len(requests):
        raise failed[0]


def _select(
    gateway: WikiGateway, request: SpaceRequest, census: Census, outcome: CaptureOutcome, options: CaptureOptions
) -> Selection:
    """Select the pages of one space; note what makes the selection uncertain, and what has no body."""
    selection = select(
        gateway,
        request.space_key,
        request.rule,
        everything=request.everything,
        lists_all_nodes=True,
        stated=request.places,
        recall=request.recall,
        census=census,
        roster=options.roster,
    )
    outcome.doubts += census.doubts
    outcome.notes += census.notes
    for trouble in census.missing:
        outcome.note(outcome.missing, trouble)
    for reference, node_id in selection.roots.items():
        request.remember(reference, node_id)
    for problem in selection.problems:
        place = request.places.get(problem.rule, ".".join(("archived", *problem.rule)))
        trouble = Trouble(problem.rule[1], place, problem.message)
        outcome.note(outcome.unmatched, trouble, logged_as=PurePath(place).name)  # no folder names in the evidence
    for message in selection.unlisted:
        outcome.note(outcome.unplaced, Trouble(request.space_key, f"space {request.space_key}", message))
    shared = choose_for(options.audience, gateway, selection, outcome)
    read = selection.overview.restrictions_read | (shared.access.restrictions.keys() if shared.access else set())
    outcome.restrictions_read += len(read & {ref.id for ref in selection.chosen})
    outcome.reads_everything &= selection.overview.memory is None
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


def _find_known(run: _Run, selections: Sequence[Selection]) -> _KnownPages:
    entries = [entry for _, entry in run.writer.library.iter_entries()]
    spaces = {entry.page_id: (entry.title, entry.space_key) for entry in entries}
    for selection in selections:
        spaces |= {ref.id: (ref.title, selection.space_key) for ref in selection.chosen}
    titles = defaultdict(list)
    for page_id, (title, _) in spaces.items():
        titles[title].append(page_id)
    return _KnownPages(
        {page_id: f"{bag.name}/{path}" for page_id, (bag, path) in run.homes.items()},
        titles,
        {page_id: space_key for page_id, (_, space_key) in spaces.items()},
        frozenset(entry.page_id for entry in entries if entry.redacted_at),
    )


def _neighbourhood(run: _Run, selection: Selection, known: _KnownPages) -> Neighbourhood:
    def on_failure(page_id: str, reason: str) -> None:
        run.outcome.doubts.append(Trouble(page_id, selection.listed[page_id].title, reason))

    return Neighbourhood(
        run.gateway,
        selection.space_key,
        selection.listed,
        selection.containers,
        known.places,
        known.titles,
        known.space_of,
        on_failure,
        selection.shows,
        known.redacted,
    )


def _capture_space(run: _Run, selection: Selection, neighbourhood: Neighbourhood) -> None:
    """Capture the pages; those that lost data come last, because many at once need the consent of a person."""
    losses = Losses()
    present = (ref for ref in selection.chosen if not _is_redacted(run, ref))
    refs = [ref for ref in present if not _is_in_parts(run, selection, ref, losses)]
    _capture_pages(run, selection, neighbourhood, refs, losses)
    if losses.pages:
        accepted = judge_losses(run.outcome, selection, losses, run.options.consent)
        _capture_pages(run, selection, neighbourhood, [ref for ref in refs if ref.id in accepted], None)


def _capture_pages(
    run: _Run, selection: Selection, neighbourhood: Neighbourhood, refs: Sequence[PageRef], losses: Losses | None
) -> None:
    """Observe in threads, convert in the executor, write in this thread; each step preserves the order of the pages.

    With *losses*, a page that lost data is noted there and not captured.
    """
    writing: deque[tuple[PageCapture, Future[Rendition]]] = deque()
    read = selection.access.restrictions if selection.access else {}
    for ref, observation in run.observer.observe_all(refs, read, selection.overview):
        if run.options.should_stop():
            raise StoppedError(
                f"the capture was asked to stop; {counted(run.outcome.captured - run.written, 'page')} were committed, "
                "and the next run continues after them"
            )
        if losses is not None:
            run.options.on_page(ref.title, run.outcome.expected)
        page = _judge(run, selection, ref, observation)
        if page is None or (losses is not None and losses.add(ref, page.held_parts(), page.lost_parts())):
            continue
        _note_doubts(run, selection, page)
        if page.needs_writing():
            seen, (_, path) = page.observation, run.homes[ref.id]
            bodies = [seen.page.body, *(comment.body for comment in seen.comments)]
            record = page.complete(neighbourhood.around("\n".join(bodies), ref.id))
            job = run.options.executor.submit(render_page, record, seen.page.body, path, run.writer.origin)
            writing.append((page, job))
        while writing and (len(writing) >= _IN_FLIGHT or writing[0][1].done()):
            run.settle(*writing.popleft())
    while writing:
        run.settle(*writing.popleft())


def _judge(run: _Run, selection: Selection, ref: PageRef, seen: Observation | WikiError) -> PageCapture | None:
    """Return the page to capture; None if it could not be read, or is not where it was listed."""
    if isinstance(seen, WikiError):
        is_restricted = isinstance(seen, PageNotFoundError | PermissionDeniedError)
        kind = EventOutcome.RESTRICTED if is_restricted else EventOutcome.FAILURE
        run.outcome.add_trouble(kind, Trouble(ref.id, ref.title, str(seen)))
        return None
    if seen.restrictions.readers and run.options.audience is Audience.OPEN:
        trouble = Trouble(ref.id, f"page {ref.id}", "left out, because it was restricted while the capture ran")
        run.outcome.add_trouble(EventOutcome.RESTRICTED, trouble)
        return None
    space_key = seen.page.ref.space_key
    if space_key != selection.space_key:
        reason = f"moved to space {space_key} during the run; the next run decides about it"
        run.outcome.add_trouble(EventOutcome.FAILURE, Trouble(ref.id, ref.title, reason))
        return None
    bag, path = run.homes[ref.id]
    return PageCapture(run.writer, run.outcome, bag, path, selection, seen)


def _note_doubts(run: _Run, selection: Selection, page: PageCapture) -> None:
    doubts = list(doubts_about(run.gateway, selection, page.observation))
    if page.is_other_text:
        doubts.append("the text changed and its version did not; it was read twice, and is another edition")
    run.outcome.doubts += [Trouble(page.record.page_id, page.record.title, doubt) for doubt in doubts]


def _remember(selection: Selection, outcome: CaptureOutcome, began: datetime) -> SpaceMemory | None:
    """Return what the next capture of a space can rely on; None if the sources of this one did not agree."""
    census, uncertain = selection.census, {each.page_id for each in (*outcome.shortfalls, *outcome.doubts)}
    if census is None or selection.space_key in uncertain:
        return None
    access = selection.access.own_readers if selection.access else {}
    return selection.overview.remember(began).replaced(
        labelled={label: tuple(sorted(found)) for label, found in census.labelled.items()},
        restricted=selection.overview.own_readers | access,
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


def _is_in_parts(run: _Run, selection: Selection, ref: PageRef, losses: Losses) -> bool:
    """Return whether an earlier part has the page as it is listed; if so, count the page as captured."""
    bag, _ = run.homes[ref.id]
    entry = bag.entries.get(ref.id)
    if entry is None or not run.parts.has(ref, entry, selection):
        return False
    name = paths.safe_id(ref.id)
    run.outcome.captured += 1
    run.outcome.losses += run.parts.losses[name]
    if name in run.parts.updated:
        losses.held.update(held_parts(run.writer.library.load_record(bag, entry)))
    run.options.on_page(ref.title, run.outcome.expected)
    return True


def _is_redacted(run: _Run, ref: PageRef) -> bool:
    entry = run.writer.library.find_entry(ref.id) if ref.id in run.homes else None
    if entry is None or entry.redacted_at is None:
        return False
    reason = f"redacted on {entry.redacted_at.date().isoformat()}, so not captured again"
    run.outcome.skipped.append(Trouble(ref.id, ref.title, reason))
    return True


def _digest_of_ids(selections: Sequence[Selection]) -> str:
    """Return the SHA-256 of the ids of all expected pages, one per line, in order."""
    ids = sorted((ref.id for selection in selections for ref in selection.expected), key=id_order)
    return hashlib.sha256("".join(f"{page_id}\n" for page_id in ids).encode()).hexdigest()
