"""The README files of the snapshots: the page tree of each bag with status and links, and the list of bags."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from bot.escape import escape_markdown
from bot.plural import counted
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.entry import PageEntry, id_order


@dataclass
class EntryNode:
    """A page in the tree of captured pages; *entry* is None for an ancestor that is not among them."""

    title: str
    entry: PageEntry | None = None
    children: dict[str, "EntryNode"] = field(default_factory=dict)


class IndexRow(NamedTuple):
    """What the index of all bags says about one bag: how many pages it has, and how many are gone or redacted."""

    bag: str
    space_key: str
    pages: int
    gone: int
    redacted: int


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
    tree = iter_tree(bag.entries.values())
    lines = [_render_start(bag), *("  " * depth + f"- {_render_node(node)}\n" for depth, node in tree)]
    return "".join(lines).encode("utf-8", "replace")


def update_bag_index(bag: Bag) -> bytes:
    """Return a bag's README, from the one that was read if each changed page has its earlier place in the tree."""
    changes = bag.entries.find_changes() if bag.load else None
    if bag.load is None or changes is None:
        return render_bag_index(bag)
    text = bag.load("README.md").decode("utf-8", "replace")
    is_same = text.startswith(_render_start(bag))
    for before, after in changes:
        line = f"- {_render_node(EntryNode(before.title, before))}\n"
        is_same &= _place(before) == _place(after) and text.count(line) == 1
        text = text.replace(line, f"- {_render_node(EntryNode(after.title, after))}\n")
    return text.encode("utf-8", "replace") if is_same else render_bag_index(bag)


def _render_start(bag: Bag) -> str:
    pages = counted(len(bag.entries), "page")
    return (
        f"# {escape_markdown(bag.space_key)}: captured pages\n\n"
        f"{pages} of {escape_markdown(bag.origin)}. How to check them: [VERIFY.md](../VERIFY.md).\n\n"
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


def iter_tree(entries: Iterable[PageEntry]) -> Iterator[tuple[int, EntryNode]]:
    """Yield the tree of pages in reading order, each with its depth; the wiki sets no limit to the depth."""
    waiting = [(0, child) for child in _in_order(_build_tree(entries))]
    while waiting:
        depth, node = waiting.pop()
        yield depth, node
        waiting += [(depth + 1, child) for child in _in_order(node)]


def _build_tree(entries: Iterable[PageEntry]) -> EntryNode:
    root = EntryNode("")
    for entry in entries:
        node = root
        for ancestor in entry.ancestors:
            node = node.children.setdefault(ancestor.id, EntryNode(ancestor.title))
        own = node.children.setdefault(entry.page_id, EntryNode(entry.title))
        own.title, own.entry = entry.title, entry
    return root


def _in_order(node: EntryNode) -> list[EntryNode]:
    """Return the children of a node, the last one first."""
    return [child for _, child in sorted(node.children.items(), key=_order, reverse=True)]


def _order(item: tuple[str, EntryNode]) -> tuple[int, str, tuple[int, int, str]]:
    page_id, node = item
    position = node.entry.position if node.entry else None
    return (1 << 62 if position is None else position, node.title.casefold(), id_order(page_id))


def _render_node(node: EntryNode) -> str:
    entry = node.entry
    if entry is None:
        return escape_markdown(node.title)
    status = entry.status.value
    if entry.redacted_at:
        status = f"redacted {entry.redacted_at.date().isoformat()}"
    elif entry.tombstone:
        status = f"gone from the wiki since {entry.tombstone.when.date().isoformat()}"
    elif not entry.is_selected:
        status += ", no longer archived"
    return (
        f"[{escape_markdown(entry.title) or 'untitled'}]({entry.path}) "
        f"— {status}, version {entry.version} of {entry.version_when.date().isoformat()}"
    )
