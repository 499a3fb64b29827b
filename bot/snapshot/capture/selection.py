"""Determine which pages of a space are archived: by status, by label, by ancestor."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from bot.config.policy import ArchivedSettings
from bot.errors import WikiError
from bot.log import logger
from bot.snapshot.archive.record import Ancestor
from bot.snapshot.capture.agreement import agreed
from bot.snapshot.capture.census import LISTED, Census
from bot.snapshot.capture.overview import Overview
from bot.storage.addresses import stated_title
from bot.suggestion import did_you_mean
from bot.wiki.gateway import Container, PageRef, PageSelection, PageStatus, TreeItem, TreeKind, WikiGateway
from bot.wiki.page_lookup import POSSIBLE_REASONS, explain_missing
from bot.wiki.page_tree import PageTree, build_tree, find_misplaced
from bot.wiki.read_access import ReadAccess
from bot.wiki.tree_roots import TreeRoots, find_roots

RuleName = tuple[str, str]
"""A rule of `archived`: the key `under` or `labels`, and the page or label that it names; or `ARCHIVED_STATUS`."""
ARCHIVED_STATUS: Final[RuleName] = ("status", PageStatus.ARCHIVED.value)


@dataclass(frozen=True, slots=True)
class RuleProblem:
    """A rule that matches nothing, or that names a page that people renamed or archived."""

    rule: RuleName
    message: str
    matches: bool
    """Whether pages were found for the rule in spite of the problem."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The pages of one space: all listed pages, and the pages to capture, with the query that selected them."""

    space_key: str
    query: str
    listed: Mapping[str, PageRef]
    chosen: tuple[PageRef, ...]
    archived: frozenset[str] = field(default_factory=frozenset)
    """Ids of the selected pages that the rule counts as archived."""
    nodes: Mapping[str, TreeItem] = field(default_factory=dict)
    """All nodes of the page tree, pages and containers, by id."""
    unlisted: tuple[str, ...] = ()
    """Why nodes without pages below them could not be listed."""
    problems: tuple[RuleProblem, ...] = ()
    roots: Mapping[str, str] = field(default_factory=dict)
    """The ids of the nodes that `under` names, by reference, for the page memory."""
    below: frozenset[str] = field(default_factory=frozenset)
    """Ids of the nodes below those that `under` names."""
    matched: Mapping[RuleName, frozenset[str]] = field(default_factory=dict)
    """The ids of the pages that each rule matches."""
    census: Census | None = None
    """The sources of `listed`, if there are several."""
    withheld: frozenset[str] = field(default_factory=frozenset)
    """Ids of the selected pages that are left out, because they are for other readers than the folder."""
    unclear: tuple[PageRef, ...] = ()
    """Selected pages that are left out, because it is not known who may read them."""
    access: ReadAccess | None = None
    """Who may read the nodes; None if this does not matter."""
    audience_is_open: bool = True
    """Whether the folder has the pages that everyone in the space may read, not the others."""

    @property
    def overview(self) -> Overview:
        """What listings say about the parts of the pages."""
        return self.census.overview if self.census else Overview()

    @property
    def expected(self) -> tuple[PageRef, ...]:
        """The pages that a complete capture has."""
        return (*self.chosen, *self.unclear)

    def shows(self, page_id: str) -> bool:
        """Return whether readers of the folder may see the title and the text of a page."""
        return self.access is None or not self.audience_is_open or not self.access.is_restricted(page_id)

    @property
    def containers(self) -> list[Container]:
        """The nodes of the page tree that are not pages."""
        return [node for node in self.nodes.values() if isinstance(node, Container)]

    @property
    def is_certain(self) -> bool:
        """Whether every rule matches something and the place of every page is known."""
        return not (self.unlisted or find_misplaced(self.nodes)) and all(each.matches for each in self.problems)

    def tree(self, *, home_id: str | None = None) -> PageTree:
        """Return the page tree of the space."""
        return build_tree(self.nodes.values(), home_id=home_id)

    def ancestors(self, page_id: str) -> tuple[Ancestor, ...]:
        """Return the ancestors of a page, the highest first; a cycle ends where it closes."""
        return find_ancestors(self.nodes, page_id)

    def reasons(self, page_id: str) -> tuple[str, ...]:
        """Return why a page counts as archived, as its record has it; empty if it does not."""
        matched = [rule for rule, page_ids in self.matched.items() if page_id in page_ids]
        above = {ancestor.id for ancestor in self.ancestors(page_id)}
        found: list[str] = []
        for key, name in matched:
            match key:
                case "under":
                    found += [f"under {root}" for root in self._roots_of(name) if root in above]
                case "labels":
                    found.append(f"label {name}")
                case _:
                    found.append(f"{key} {name}")
        return tuple(found or (["roster"] if page_id in self.archived else []))

    def _roots_of(self, name: str) -> Iterable[str]:
        known = self.roots.get(name)
        return [known] if known else ()

    def without_content(self) -> list[Container]:
        """Return the selected nodes that have content which cannot be captured: all containers but folders."""
        is_everything = len(self.chosen) == len(self.listed)
        selected = (node for node in self.containers if is_everything or node.id in self.below)
        return [node for node in selected if node.kind is not TreeKind.FOLDER]


def select(
    gateway: WikiGateway,
    space_key: str,
    rule: ArchivedSettings,
    *,
    everything: bool = False,
    lists_all_nodes: bool = False,
    stated: Iterable[RuleName] = (),
    recall: Callable[[str], str | None] = lambda _reference: None,
    census: Census | None = None,
    roster: Collection[str] = (),
) -> Selection:
    """List a space, or use *census*, and select pages; *everything* selects all pages regardless of the rule.

    The pages in *roster* are always selected.

    *lists_all_nodes* also lists the selected nodes that are not pages and have no page below them. Only a label in
    *stated*, the rules that a person wrote, can be wrong. *recall* returns the id of the page that had a title before.
    """
    listed = census.refs if census else _list(gateway, space_key)
    nodes: dict[str, TreeItem] = {**listed}
    nodes |= {node.id: node for node in gateway.fetch_containers_above(list(listed.values()))}
    found = _find_all_roots(rule, nodes, recall)
    unlisted: list[str] = []
    is_unresolved = not all(roots.ids for roots in found.values())  # a folder without pages can be the root
    if lists_all_nodes or is_unresolved:
        if everything or is_unresolved:
            unlisted = _add_all(gateway, space_key, nodes, twice=census is not None)
        else:
            unlisted = _add_childless(gateway, nodes, _ids_of(found), twice=census is not None)
        found = _find_all_roots(rule, nodes, recall)
    labelled = census.labelled if census else _find_labelled(gateway, space_key, rule)
    below = _find_below(nodes, _ids_of(found))
    matched = _match(rule, listed, labelled, {name: _find_below(nodes, roots.ids) for name, roots in found.items()})
    archived = _join([*matched.values(), *([frozenset(roster) & listed.keys()] if roster else [])])
    problems = [
        *([] if everything or roster else judge_rules(rule)),
        *_judge_roots(gateway, space_key, nodes, found, recall),
        *_judge_labels(gateway, space_key, rule, matched, frozenset(stated)),
    ]
    return Selection(
        space_key,
        f'space = "{space_key}"' + ("" if everything else f" and ({rule.describe()})"),
        listed,
        tuple(ref for ref in listed.values() if everything or ref.id in archived),
        archived,
        nodes if len(nodes) > len(listed) else listed,
        tuple(unlisted),
        tuple(problems),
        {name: next(iter(roots.ids)) for name, roots in found.items() if len(roots.ids) == 1 and not roots.problem},
        below,
        matched,
        census,
    )


def _list(gateway: WikiGateway, space_key: str) -> dict[str, PageRef]:
    return {ref.id: ref for ref in gateway.iter_refs(space_key, PageSelection(LISTED))}


def _match(
    rule: ArchivedSettings,
    listed: Mapping[str, PageRef],
    labelled: Mapping[str, Collection[str]],
    below: Mapping[str, Collection[str]],
) -> dict[RuleName, frozenset[str]]:
    """Return the ids of the listed pages that each rule matches."""
    matched: dict[RuleName, frozenset[str]] = {}
    if rule.status:
        with_status = (ref.id for ref in listed.values() if ref.status is PageStatus.ARCHIVED)
        matched[ARCHIVED_STATUS] = frozenset(with_status)
    for key, found in (("labels", labelled), ("under", below)):
        matched |= {(key, name): _only_listed(listed, page_ids) for name, page_ids in found.items()}
    return matched


def _only_listed(listed: Mapping[str, PageRef], page_ids: Collection[str]) -> frozenset[str]:
    """Return the listed pages; the same set if all are, which is then in memory once."""
    if isinstance(page_ids, frozenset) and all(page_id in listed for page_id in page_ids):
        return page_ids
    return frozenset(page_id for page_id in page_ids if page_id in listed)


def _join(sets: Sequence[frozenset[str]]) -> frozenset[str]:
    """Return the union; the same set if there is only one."""
    filled = [found for found in sets if found]
    return filled[0] if len(filled) == 1 else frozenset().union(*filled)


def find_ancestors(listed: Mapping[str, TreeItem], page_id: str) -> tuple[Ancestor, ...]:
    """Return the ancestors of a page, the highest first."""
    above: dict[str, Ancestor] = {}
    ref = listed.get(page_id)
    while ref and ref.parent_id in listed and ref.parent_id not in above and ref.parent_id != page_id:
        ref = listed[str(ref.parent_id)]
        above[ref.id] = Ancestor(id=ref.id, title=ref.title)
    return tuple(reversed(above.values()))


def _find_all_roots(
    rule: ArchivedSettings, nodes: Mapping[str, TreeItem], recall: Callable[[str], str | None]
) -> dict[str, TreeRoots]:
    return {name: find_roots(name, nodes.values(), remembered=recall(name)) for name in rule.under}


def _ids_of(found: Mapping[str, TreeRoots]) -> frozenset[str]:
    return frozenset(node_id for roots in found.values() for node_id in roots.ids)


def _tops(nodes: Mapping[str, TreeItem]) -> list[str]:
    return [node.id for node in nodes.values() if node.parent_id not in nodes]


def _add_all(gateway: WikiGateway, space_key: str, nodes: dict[str, TreeItem], *, twice: bool) -> list[str]:
    """Add the nodes of the space that are not pages; where the space cannot be searched, look below each root.

    The page tree and the search index are two sources already.
    """
    try:
        found = gateway.fetch_containers_in(space_key, nodes)
    except WikiError as error:
        logger.warning("the folders and whiteboards of space {} cannot be searched: {}", space_key, error)
        return _add_childless(gateway, nodes, _tops(nodes), twice=twice)
    for node in found:
        nodes.setdefault(node.id, node)
    return []


def _add_childless(gateway: WikiGateway, nodes: dict[str, TreeItem], tops: Iterable[str], *, twice: bool) -> list[str]:
    """Add the nodes below *tops* that are not pages; return what failed, because the pages can be captured without."""
    failed = []
    for top in tops:
        try:
            for node in _read(partial(gateway.fetch_containers_below, nodes[top]), twice=twice):
                nodes.setdefault(node.id, node)
        except WikiError as error:
            failed.append(f"the folders and whiteboards below {nodes[top].title!r} could not be listed: {error}")
    return failed


def _read(read: Callable[[], list[Container]], *, twice: bool) -> list[Container]:
    """Return what two successive answers agree on; with *twice* False, one answer."""
    return agreed(read) if twice else read()


def judge_rules(rule: ArchivedSettings) -> Iterable[RuleProblem]:
    """Yield a problem if the rule has no condition, so that it can never match a page."""
    if not (rule.status or rule.labels or rule.under):
        message = "no page can count as archived; set `status: true`, or name `labels` or pages in `under`"
        yield RuleProblem(ARCHIVED_STATUS, message, matches=False)


def _judge_roots(
    gateway: WikiGateway,
    space_key: str,
    nodes: Mapping[str, TreeItem],
    found: Mapping[str, TreeRoots],
    recall: Callable[[str], str | None],
) -> Iterable[RuleProblem]:
    for name, roots in found.items():
        message = roots.problem
        matches = any(nodes[node_id].kind is TreeKind.PAGE for node_id in _find_below(nodes, roots.ids))
        if not roots.ids:
            titles = {node.title for node in nodes.values()}
            reason = explain_missing(gateway, space_key, name, remembered=recall(name), titles=titles)
            what = f"there is no page or folder {stated_title(name)!r} in space {space_key}"
            message = f"{what}; {reason or POSSIBLE_REASONS}"
        elif not matches and not message:
            message = f"there is no page below {stated_title(name)!r}"
        if message:
            yield RuleProblem(("under", name), message, matches)


def _judge_labels(
    gateway: WikiGateway,
    space_key: str,
    rule: ArchivedSettings,
    matched: Mapping[RuleName, frozenset[str]],
    stated: frozenset[RuleName],
) -> Iterable[RuleProblem]:
    """Return a problem for each stated label that no page has; no request if each label was found on a page.

    If pages with status archived count, one of them may have the label: the search index does not include those.
    """
    labels = [label for label in rule.labels if ("labels", label) in stated and not matched["labels", label]]
    if not labels:
        return
    known = gateway.fetch_space_labels(space_key)
    has_archived = any(matched.get(ARCHIVED_STATUS, ()))
    for label in labels:
        is_used = label.casefold() in known
        if not is_used or not has_archived:
            hint = ", only other content" if is_used else did_you_mean(label, known)
            message = f"no page in space {space_key} has the label {label!r}{hint}"
            yield RuleProblem(("labels", label), message, matches=False)


def _find_labelled(gateway: WikiGateway, space_key: str, rule: ArchivedSettings) -> dict[str, frozenset[str]]:
    # Pages with status archived always count, and the labels of each would cost a request.
    statuses = (PageStatus.CURRENT,) if rule.status else LISTED
    return {
        label: frozenset(ref.id for ref in gateway.iter_refs(space_key, PageSelection(statuses, (label,))))
        for label in rule.labels
    }


def _find_below(nodes: Mapping[str, TreeItem], tops: frozenset[str]) -> frozenset[str]:
    """Return the ids of all nodes below *tops*; one pass over the nodes, at any depth."""
    children: dict[str, list[str]] = defaultdict(list)
    for node in nodes.values() if tops else ():
        children[node.parent_id or ""].append(node.id)
    below: set[str] = set()
    waiting = [child for top in tops for child in children[top]]
    while waiting:
        node_id = waiting.pop()
        if node_id not in below:
            below.add(node_id)
            waiting += children[node_id]
    return frozenset(below)
