"""The README files of the snapshots: the page tree of each bag with status and links, and the list of bags."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from bot.escape import escape_markdown
from bot.plural import counted
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.entry import PageEntry, id_order


class IndexedPage(NamedTuple):
    """What the index of a bag says about a page."""

    page_id: str
    title: str
    path: str
    position: int | None
    ancestors: Sequence[tuple[str, str]]
    """Id and title of each page above it, the highest first."""
    standing: str
    """Status in the wiki, and what became of the page."""
    version: str
    day: str
    """Day of the version."""


@dataclass(slots=True)
class EntryNode:
    """A page in the tree of captured pages; *page* is None for an ancestor that is not among them."""

    title: str
    page: IndexedPage | None = None
    children: dict[str, "EntryNode"] = field(default_factory=dict)


class IndexRow(NamedTuple):
    """What the index of all bags says about one bag: how many pages it has, and how many are gone or redacted."""

    bag: str
    space_key: str
    pages: int
    gone: int
    redacted: int


def indexed(entry: PageEntry) -> IndexedPage:
    """Return what the index says about an entry."""
    gone = day_of(entry.tombstone.when) if entry.tombstone else None
    redacted = day_of(entry.redacted_at) if entry.redacted_at else None
    return IndexedPage(
        entry.page_id,
        entry.title,
        entry.path,
        entry.position,
        [(above.id, above.title) for above in entry.ancestors],
        standing_text(entry.status.value, gone, redacted, entry.is_selected),
        str(entry.version),
        day_of(entry.version_when),
    )


def day_of(when: datetime) -> str:
    """Return the day of a time, in the time zone that the time states."""
    return when.date().isoformat()


def standing_text(status: str, gone: str | None, redacted: str | None, is_selected: bool) -> str:
    """Return a status with what became of the page; *gone* and *redacted* are days."""
    if redacted:
        return f"redacted {redacted}"
    if gone:
        return f"gone from the wiki since {gone}"
    return status if is_selected else f"{status}, no longer archived"


def row_of(bag: Bag) -> IndexRow:
    """Return the row of a bag."""
    pages = gone = redacted = 0
    for _, standing in bag.entries.iter_standings(bag.space_key):
        pages += 1
        gone += standing.is_gone
        redacted += standing.is_redacted
    return IndexRow(bag.name, bag.space_key, pages, gone, redacted)


def render_bag_index(bag: Bag) -> bytes:
    """Return a bag's README: its pages as a tree."""
    return render_tree_index(bag.space_key, bag.origin, [*map(indexed, bag.entries.values())])


def render_tree_index(space_key: str, origin: str, pages: Collection[IndexedPage]) -> bytes:
    """Return the README of a bag of these pages."""
    tree = iter_tree(pages)
    lines = [
        _render_start(space_key, origin, len(pages)),
        *("  " * depth + f"- {_render_node(node)}\n" for depth, node in tree),
    ]
    return "".join(lines).encode("utf-8", "replace")


def update_bag_index(bag: Bag) -> bytes:
    """Return a bag's README, from the one that was read if each changed page has its earlier place in the tree."""
    changes = bag.entries.find_changes() if bag.load else None
    if bag.load is None or changes is None:
        return render_bag_index(bag)
    text = bag.load("README.md").decode("utf-8", "replace")
    is_same = text.startswith(_render_start(bag.space_key, bag.origin, len(bag.entries)))
    for before, after in changes:
        line = f"- {_render_page(indexed(before))}\n"
        is_same &= _place(before) == _place(after) and text.count(line) == 1
        text = text.replace(line, f"- {_render_page(indexed(after))}\n")
    return text.encode("utf-8", "replace") if is_same else render_bag_index(bag)


def _render_start(space_key: str, origin: str, pages: int) -> str:
    return (
        f"# {escape_markdown(space_key)}: captured pages\n\n"
        f"{counted(pages, 'page')} of {escape_markdown(origin)}. How to check them: [VERIFY.md](../VERIFY.md).\n\n"
    )


def _place(entry: PageEntry) -> tuple[object, ...]:
    return entry.page_id, entry.title, entry.position, entry.ancestors


def render_root_index(rows: Iterable[IndexRow], origin: str) -> bytes:
    """Return the README of the snapshots folder."""
    lines = [
        "# Captured pages",
        "",
        f"Archived pages of {escape_markdown(origin)}, as Markdown to read and as received to prove.",
        "",
        "| Bag | Space | Pages | Gone upstream | Redacted |",
        "|---|---|--:|--:|--:|",
        *map(_render_row, sorted(rows)),
        "",
        "Each bag is a [BagIt](https://www.rfc-editor.org/rfc/rfc8493) bag. In its `data` folder the folders named for",
        "years contain the pages as Markdown, `_source` each page's storage format and record, `_attachments` files.",
        "`CHECKPOINT` is the head of a chain of digests over everything here; `log` contains the earlier heads and",
        "what each run did. [VERIFY.md](VERIFY.md) has the commands that check all of it with tools that are not ours.",
    ]
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def _render_row(row: IndexRow) -> str:
    return (
        f"| [{escape_markdown(row.bag)}]({row.bag}/README.md) | {escape_markdown(row.space_key)} "
        f"| {row.pages} | {row.gone} | {row.redacted} |"
    )


def iter_tree(pages: Iterable[IndexedPage]) -> Iterator[tuple[int, EntryNode]]:
    """Yield the tree of pages in reading order, each with its depth; the wiki sets no limit to the depth."""
    waiting = [(0, child) for child in _in_order(_build_tree(pages))]
    while waiting:
        depth, node = waiting.pop()
        yield depth, node
        waiting += [(depth + 1, child) for child in _in_order(node)]


def _build_tree(pages: Iterable[IndexedPage]) -> EntryNode:
    root = EntryNode("")
    for page in pages:
        node = root
        for page_id, title in page.ancestors:
            node = _child(node, page_id, title)
        own = _child(node, page.page_id, page.title)
        own.title, own.page = page.title, page
    return root


def _child(node: EntryNode, page_id: str, title: str) -> EntryNode:
    found = node.children.get(page_id)
    if found is None:
        found = node.children[page_id] = EntryNode(title)
    return found


def _in_order(node: EntryNode) -> list[EntryNode]:
    """Return the children of a node, the last one first."""
    return [child for _, child in sorted(node.children.items(), key=_order, reverse=True)]


def _order(item: tuple[str, EntryNode]) -> tuple[int, str, tuple[int, int, str]]:
    page_id, node = item
    position = node.page.position if node.page else None
    return (1 << 62 if position is None else position, node.title.casefold(), id_order(page_id))


def _render_node(node: EntryNode) -> str:
    return _render_page(node.page) if node.page else escape_markdown(node.title)


def _render_page(page: IndexedPage) -> str:
    title = escape_markdown(page.title) or "untitled"
    return f"[{title}]({page.path}) — {page.standing}, version {page.version} of {page.day}"
