"""Count the pages of each requested space by several sources, and choose the pages to capture."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath

from bot.errors import WikiError
from bot.snapshot.archive.library import Library
from bot.snapshot.capture.audience import choose_for
from bot.snapshot.capture.capture_memory import CaptureMemory
from bot.snapshot.capture.capture_options import CaptureOptions, SpaceRequest
from bot.snapshot.capture.census import Census, add_roster, take_census
from bot.snapshot.capture.kept_answers import KeptAnswers
from bot.snapshot.capture.label_proof import find_unproved_labels
from bot.snapshot.capture.outcome import CaptureOutcome, Trouble
from bot.snapshot.capture.overview import read_newest
from bot.snapshot.capture.selection import RuleName, RuleProblem, Selection, select
from bot.wiki.gateway import PageRef, PageStatus, WikiGateway
from bot.wiki.page_tree import find_defects, find_misplaced


@dataclass(frozen=True, slots=True)
class SpaceChoice:
    """Chooses pages for one run; *fetchers* are the threads that read from the wiki."""

    gateway: WikiGateway
    outcome: CaptureOutcome
    options: CaptureOptions
    memory: CaptureMemory
    fetchers: Executor
    answers: KeptAnswers

    def select_all(self, requests: Sequence[SpaceRequest]) -> Iterator[Selection]:
        """Yield the selection of each space; raises `WikiError` if no space can be listed."""
        requests = _unique(requests)
        failed: list[WikiError] = []

        def give_up(request: SpaceRequest, error: WikiError) -> None:
            failed.append(error)
            self.outcome.add_unlisted(Trouble(request.space_key, f"space {request.space_key}", str(error)))

        listed: list[tuple[SpaceRequest, Census]] = []
        for request in requests:
            try:
                listed.append((request, self._take_census(request)))
            except WikiError as error:
                give_up(request, error)
        read_newest(self.gateway, [census.overview for _, census in listed], self.fetchers)
        for trouble in add_roster(self.gateway, [census for _, census in listed], self.options.roster):
            self.outcome.note(self.outcome.missing, trouble)
        for request, census in listed:
            try:
                yield self._select(request, census)
            except WikiError as error:
                give_up(request, error)
        if failed and len(failed) == len(requests):
            raise failed[0]

    def _take_census(self, request: SpaceRequest) -> Census:
        """List the pages; listings of an interrupted capture do not count if a page or its readers changed.

        A wiki that was restored from a backup meanwhile has earlier versions, which are not its newest.
        """
        is_old = self.answers.is_continued
        census = take_census(self.gateway, request.space_key, request.rule, self.memory, self.fetchers)
        if not is_old:
            return census
        newest = self.gateway.fetch_newest_pages(request.space_key)
        changed = {ref.id for ref in newest if not _is_listed(ref, census)}
        has_all_changes = len(changed) < len(newest)
        changed |= _find_undone(newest, census)
        changed |= self._find_changed_readers(census)
        if has_all_changes and not changed:
            return census
        self.answers.forget(changed if has_all_changes else None)
        return take_census(self.gateway, request.space_key, request.rule, self.memory, self.fetchers)

    def _find_changed_readers(self, census: Census) -> set[str]:
        """Return the pages of which a listing of an interrupted capture said something else about who may read them.

        Only pages above others count, and those whose text is kept: another page is asked about when its text is read.
        """
        said = {page_id: parts.restrictions for page_id, parts in census.overview.parts.items()}
        listed = {page_id: bool(found.readers) for page_id, found in said.items() if found is not None}
        above = {ref.parent_id for ref in census.refs.values() if ref.parent_id is not None}
        wanted = sorted(listed.keys() & (above | self.answers.page_ids()))
        now = self.gateway.find_parts(wanted, again=wanted) if wanted else {}

        def is_restricted(page_id: str) -> bool:
            found = now[page_id].restrictions if page_id in now else None
            return bool((found or self.gateway.fetch_restrictions(page_id)).readers)

        return {page_id for page_id in wanted if is_restricted(page_id) is not listed[page_id]}

    def _select(self, request: SpaceRequest, census: Census) -> Selection:
        """Select the pages of one space; note what makes the selection uncertain, and what has no body."""
        outcome = self.outcome
        selection = select(
            self.gateway,
            request.space_key,
            request.rule,
            everything=request.everything,
            lists_all_nodes=True,
            stated=request.places,
            recall=request.recall,
            census=census,
            roster=self.options.roster,
        )
        outcome.doubts += census.doubts
        outcome.notes += census.notes
        for trouble in census.missing:
            outcome.note(outcome.missing, trouble)
        self._note_problems(request, selection)
        shared = choose_for(self.options.audience, self.gateway, selection, outcome, self.fetchers)
        read = selection.overview.restrictions_read | (shared.access.restrictions.keys() if shared.access else set())
        outcome.restrictions_read += sum(ref.id in read for ref in shared.chosen)
        outcome.reads_everything &= selection.overview.memory is None
        self._note_nodes(shared)
        return shared

    def judge_labels(
        self, requests: Sequence[SpaceRequest], selection: Selection, library: Library, seen: Collection[str]
    ) -> Selection:
        """Return the selection of captured pages with the problems of labels that only the pages can settle.

        *seen* has the labels of the archived pages that were read. A label that nobody wrote down is a doubt.
        """
        places = {rule: place for request in requests for rule, place in request.places.items()}
        problems = tuple(find_unproved_labels(selection, library, seen))
        for problem in problems:
            if problem.rule in places:
                self._note_problem(problem, places)
            else:
                self.outcome.doubts.append(Trouble(problem.rule[1], f"label {problem.rule[1]!r}", problem.message))
        return replace(selection, problems=(*selection.problems, *problems)) if problems else selection

    def _note_problems(self, request: SpaceRequest, selection: Selection) -> None:
        outcome = self.outcome
        for reference, node_id in selection.roots.items():
            request.remember(reference, node_id)
        for problem in selection.problems:
            self._note_problem(problem, request.places)
        for message in selection.unlisted:
            outcome.note(outcome.unplaced, Trouble(request.space_key, f"space {request.space_key}", message))

    def _note_problem(self, problem: RuleProblem, places: Mapping[RuleName, str]) -> None:
        place = places.get(problem.rule, ".".join(("archived", *problem.rule)))
        trouble = Trouble(problem.rule[1], place, problem.message)
        unmatched = self.outcome.unmatched
        self.outcome.note(unmatched, trouble, logged_as=PurePath(place).name)  # no folder names in the evidence

    def _note_nodes(self, selection: Selection) -> None:
        """Note the nodes without a certain place, and those that cannot be captured."""
        outcome = self.outcome
        for node, defect in find_defects(find_misplaced(selection.nodes)):
            title = node.title if selection.shows(node.id) else f"{node.kind} {node.id}"
            outcome.note(outcome.unplaced, Trouble(node.id, title, defect))
        outcome.not_capturable += [
            Trouble(node.id, node.title, f"a {node.kind}, which cannot be captured")
            for node in selection.without_content()
            if selection.shows(node.id)
        ]


def _is_listed(ref: PageRef, census: Census) -> bool:
    listed = census.refs.get(ref.id)
    return listed is not None and _version_of(listed) == _version_of(ref)


def _find_undone(newest: Sequence[PageRef], census: Census) -> set[str]:
    """Return the current pages that would be among the *newest* of the wiki if they were still as listed."""
    since = min((ref.version.when for ref in newest), default=None)
    found = {ref.id for ref in newest}
    current = (ref for ref in census.refs.values() if ref.status is PageStatus.CURRENT)
    return {ref.id for ref in current if ref.id not in found and (since is None or ref.version.when > since)}


def _version_of(ref: PageRef) -> tuple[int, datetime]:
    return ref.version.number, ref.version.when


def _unique(requests: Sequence[SpaceRequest]) -> list[SpaceRequest]:
    """Merge requests for the same space, which several workspaces may share."""
    joined: dict[str, SpaceRequest] = {}
    for request in requests:
        other = joined.get(request.space_key)
        joined[request.space_key] = other.joined_with(request) if other else request
    return list(joined.values())
