"""Compare two captured states of a page: its data, its blocks, its words."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.convert import Conversion, convert_page
from bot.errors import SnapshotError
from bot.plural import counted
from bot.snapshot.archive import paths
from bot.snapshot.archive.bag import Bag
from bot.snapshot.archive.entry import PageEntry
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.record import PageRecord
from bot.snapshot.capture.changes import describe_changes
from bot.snapshot.capture.rendition import build_context
from bot.text_diff import Piece, PieceKind, align, are_alike, diff_words

TextBlock = tuple[str, str]
"""The kind of a block, such as a heading, and its text."""
_NAMED = 10
"""Most states of a page that a message names."""


class ChangeKind(StrEnum):
    """How a block or some words changed."""

    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"
    EDITED = "edited"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class BlockChange:
    """A heading, paragraph, list item, table row or code line, with its words."""

    change: ChangeKind
    kind: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class PageDiff:
    """The changes between two states of a page, named *before* and *after*; *data* is about the page itself."""

    page_id: str
    title: str
    before: str
    after: str
    data: tuple[str, ...]
    structure: tuple[str, ...]
    blocks: tuple[BlockChange, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the two states have equal data and text."""
        return not self.data and all(block.change is ChangeKind.SAME for block in self.blocks)


@dataclass(frozen=True, slots=True)
class PageComparison:
    """The changes between two states of a page, and both states as Markdown."""

    diff: PageDiff
    old_markdown: str
    new_markdown: str


@dataclass(frozen=True, slots=True)
class PageText:
    """One captured state of a page: its *name* for people, its body at *source_path*, and the record of that run."""

    name: str
    body: str
    record: PageRecord | None
    source_path: str


def diff_page(
    library: Library, bag: Bag, entry: PageEntry, before: str | None = None, after: str | None = None
) -> PageDiff:
    """Return the changes between two states; see `compare_page`."""
    return compare_page(library, bag, entry, before, after).diff


def compare_page(
    library: Library, bag: Bag, entry: PageEntry, before: str | None = None, after: str | None = None
) -> PageComparison:
    """Compare two states: `17` or `v17` is a version, `run:124` the capture of that run; by default the last two.

    Raises `SnapshotError` if a state is not in the snapshots.
    """
    if entry.redacted_at:
        raise SnapshotError(f"page {entry.page_id} was redacted on {entry.redacted_at.date().isoformat()}")
    wanted = _default_states(library, bag, entry) if before is None else (before, after or f"{entry.version}")
    old, new = (load_state(library, bag, entry, name) for name in wanted)
    data = describe_changes(old.record, new.record) if old.record and new.record and old.record != new.record else []
    path = entry.path
    base = library.head.origin if library.head else ""
    texts = [state_as_markdown(state, path, base) for state in (old, new)]
    blocks = compare_blocks(*(list(_blocks(text)) for text in texts))
    structure = tuple(_describe_structure(blocks))
    diff = PageDiff(entry.page_id, entry.title, old.name, new.name, tuple(data), structure, tuple(blocks))
    return PageComparison(diff, *texts)


def compare_blocks(old: Sequence[TextBlock], new: Sequence[TextBlock]) -> list[BlockChange]:
    """Align two sequences of blocks; the words of edited blocks are compared."""
    return _mark_moves([_change(before, after) for before, after in align(old, new, _are_alike)])


def _are_alike(before: TextBlock, after: TextBlock) -> bool:
    return before[0] == after[0] and are_alike(before[1], after[1])


def _change(before: TextBlock | None, after: TextBlock | None) -> BlockChange:
    if before is None:
        return _whole(ChangeKind.ADDED, PieceKind.ADDED, after)
    if after is None:
        return _whole(ChangeKind.REMOVED, PieceKind.REMOVED, before)
    if before == after:
        return _whole(ChangeKind.SAME, PieceKind.SAME, before)
    return BlockChange(ChangeKind.EDITED, before[0], diff_words(before[1], after[1]))


def _whole(change: ChangeKind, kind: PieceKind, block: TextBlock | None) -> BlockChange:
    name, text = block or ("", "")
    return BlockChange(change, name, (Piece(kind, text),))


def _mark_moves(changes: list[BlockChange]) -> list[BlockChange]:
    """Mark a block that was removed at one place and added unchanged at another as moved."""
    removed = Counter((c.kind, c.pieces[0].text) for c in changes if c.change is ChangeKind.REMOVED)
    added = Counter((c.kind, c.pieces[0].text) for c in changes if c.change is ChangeKind.ADDED)
    moved = removed & added
    left = {ChangeKind.REMOVED: Counter(moved), ChangeKind.ADDED: Counter(moved)}
    marked = []
    for change in changes:
        key = (change.kind, change.pieces[0].text)
        if change.change in left and left[change.change][key] > 0:
            left[change.change][key] -= 1
            if change.change is ChangeKind.ADDED:
                marked.append(BlockChange(ChangeKind.MOVED, change.kind, (Piece(PieceKind.SAME, key[1]),)))
            continue
        marked.append(change)
    return marked


def _describe_structure(blocks: Sequence[BlockChange]) -> Iterator[str]:
    counts = Counter((block.change, block.kind) for block in blocks if block.change is not ChangeKind.SAME)
    for (change, kind), number in sorted(counts.items()):
        yield f"{counted(number, kind)} {change.value}"


def _blocks(markdown: str) -> Iterator[tuple[str, str]]:
    """Split Markdown into lines with a kind; in our renditions, a paragraph is always one line."""
    fence = ""
    for line in markdown.splitlines():
        text = line.strip()
        opening = re.match(r"`{3,}|~{3,}", text)
        if opening and (not fence or text == fence):
            fence = "" if fence else opening[0]
            continue
        if fence:
            yield "code line", line
        elif text:
            yield _kind_of(text), line


def _kind_of(text: str) -> str:
    if re.match(r"#{1,6} ", text):
        return "heading"
    if re.match(r"([-*+]|\d+[.)]) ", text):
        return "list item"
    return "table row" if text.startswith("|") else "paragraph"


def state_as_markdown(state: PageText, path: str, base_url: str) -> str:
    """Return the body of a state as Markdown, without its comments."""
    return convert_state(state, path, base_url).markdown


def convert_state(state: PageText, path: str, base_url: str) -> Conversion:
    """Return the body of a state as Markdown, without its comments, and what is lost in it."""
    if state.record is None:
        return convert_page(state.body)
    return convert_page(state.body, build_context(state.record, path, base_url))


def _default_states(library: Library, bag: Bag, entry: PageEntry) -> tuple[str, str]:
    """Return the last two bodies, or the last two captures if only data about the page changed."""
    sources = bag.sources_of(entry.page_id)
    if len(sources) > 1:
        return sources[-2], sources[-1]
    runs = [_run_of(path) for path in library.record_paths(bag, entry)]
    if len(runs) > 1:
        return f"run:{runs[-2]}", f"run:{runs[-1]}"
    raise SnapshotError(f"page {entry.page_id} was captured only once, so there is nothing to compare")


def load_state(library: Library, bag: Bag, entry: PageEntry, name: str) -> PageText:
    """Return one state of a page; raises `SnapshotError` if it is not in the snapshots."""
    records = {_run_of(path): path for path in library.record_paths(bag, entry)}
    if name.startswith("run:"):
        path = records.get(int(name[4:])) if name[4:].isdigit() else None
        if path is None:
            runs = _some([f"run:{run}" for run in records])
            raise SnapshotError(f"page {entry.page_id} was not captured by {name}; it was by {runs}")
        record = library.load_record_at(bag, path)
        shown = f"{name} (version {record.version.number})"
        return PageText(shown, _body(library, bag, record.source_path), record, record.source_path)
    sources = bag.sources_of(entry.page_id)
    source = name if name in sources else _find_source(sources, entry, name.removeprefix("v"))
    loaded = [library.load_record_at(bag, path) for path in records.values()]
    record_of_source = next((record for record in reversed(loaded) if record.source_path == source), None)
    return PageText(_name_of(source), _body(library, bag, source), record_of_source, source)


def _some(names: list[str]) -> str:
    """Return all names, or the first and the last ones if there are many."""
    if len(names) <= _NAMED:
        return ", ".join(names)
    half = _NAMED // 2
    return f"{', '.join(names[:half])}, …, {', '.join(names[-half:])} ({len(names)} in all)"


def _find_source(sources: list[str], entry: PageEntry, number: str) -> str:
    found = [path for path in sources if str(paths.source_version(path)) == number]
    if not found:
        held = _some([str(number) for number in sorted(set(map(paths.source_version, sources)))])
        raise SnapshotError(f"version {number} of page {entry.page_id} was not captured; captured versions: {held}")
    return found[-1]


def _name_of(source: str) -> str:
    version, edition = paths.source_order(source)
    return f"version {version}" + (f", body {edition}" if edition > 1 else "")


def _body(library: Library, bag: Bag, path: str) -> str:
    return library.read_body(bag, path).decode("utf-8", "surrogatepass")


def _run_of(record_path: str) -> int:
    return paths.record_run(record_path) or 0
