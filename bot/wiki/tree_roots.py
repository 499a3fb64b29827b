"""Find the nodes that the key `under` names: by id, by remembered id, by title (pure)."""

from collections.abc import Collection
from dataclasses import dataclass

from bot.storage.addresses import may_be_id, stated_title
from bot.wiki.gateway import PageStatus, TreeItem


@dataclass(frozen=True, slots=True)
class TreeRoots:
    """The nodes that one reference names; *problem* is what a person should correct in the settings, or empty."""

    ids: frozenset[str] = frozenset()
    problem: str = ""


def find_roots(reference: str, nodes: Collection[TreeItem], *, remembered: str | None = None) -> TreeRoots:
    """Find the nodes with that id or title, and the node that had the title when it was last seen.

    A renamed node is still followed, but it is a problem: without the page memory the reference would name nothing.
    """
    title = stated_title(reference)
    by_id = [node for node in nodes if may_be_id(reference) and node.id == reference]
    exact = by_id or [node for node in nodes if node.title in (title, reference)]
    followed = [node for node in nodes if node.id == remembered and node not in exact and not by_id]
    problems = [
        f"{node.kind} {title!r} is now called {node.title!r}; write that, or its id {node.id}" for node in followed
    ]
    problems += [
        f"page {node.title!r} is archived, and pages below it may have moved; name another page, or restore it"
        for node in (*exact, *followed)
        if node.status is PageStatus.ARCHIVED
    ]
    return TreeRoots(frozenset(node.id for node in (*exact, *followed)), "; ".join(problems))
