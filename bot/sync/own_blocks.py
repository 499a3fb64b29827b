"""Separate what the bot wrote below a heading from what people put there (pure).

A region below a heading has no markers: it ends where the next heading begins, or with the page. What people type
at its end is in it, and is not the bot's.
"""

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from bot.storage.reader import Element, read_strictly
from bot.storage.visible_text import text_of
from bot.sync.drift import LastApplied, digest_of

_ALIKE = 0.3
"""Less likeness, and a block is not a changed block of the bot, but one that people put in its place."""


@dataclass(frozen=True, slots=True)
class OwnBlocks:
    """The blocks of a region below a heading; *text* are those of the bot, *last* is what the bot wrote as these.

    *before* and *after* are what people put there.
    """

    text: str
    last: str
    before: str = ""
    after: str = ""

    @property
    def has_others(self) -> bool:
        """Whether people put something into the region."""
        return bool(self.before or self.after)

    def around(self, text: str) -> str:
        """Return the whole region with *text* in the place of the bot's blocks."""
        return f"{self.before}{text}{self.after}"


def find_own_blocks(live: str, last: LastApplied) -> OwnBlocks:
    """Return the blocks of the *live* text of a region that the bot wrote, or that are a changed form of them."""
    written = _find_window(_split(last.text), last.digest)
    blocks = _split(live)
    own = _match([digest_of(block) for block in written], blocks, written)
    first = min(own, default=0)
    before = [block for number, block in enumerate(blocks) if number not in own and number < first]
    after = [block for number, block in enumerate(blocks) if number not in own and number >= first]
    return OwnBlocks(
        "".join(block for number, block in enumerate(blocks) if number in own),
        "".join(written),
        "".join(before),
        "".join(after),
    )


def _split(text: str) -> list[str]:
    """Return the top-level blocks of *text*; what is between two of them belongs to the first."""
    starts = [node.span.start for node in read_strictly(text).root.nodes if isinstance(node, Element)]
    edges = [0, *starts[1:], len(text)] if starts else [0, len(text)]
    return [text[start:end] for start, end in pairwise(edges) if text[start:end].strip()]


def _find_window(blocks: list[str], digest: str) -> list[str]:
    """Return the consecutive blocks with *digest*; all of them if there are none, because the wiki changed the text."""
    for size in range(len(blocks), 0, -1):
        for start in range(len(blocks) - size + 1):
            if digest_of("".join(blocks[start : start + size])) == digest:
                return blocks[start : start + size]
    return blocks


def _match(digests: list[str], blocks: list[str], written: list[str]) -> set[int]:
    """Return the numbers of the *blocks* that are the written ones, or changed forms of them."""
    own: set[int] = set()
    matcher = SequenceMatcher(None, digests, [digest_of(block) for block in blocks], autojunk=False)
    for tag, start, end, live_start, live_end in matcher.get_opcodes():
        if tag == "equal":
            own |= set(range(live_start, live_end))
        at = start
        for number in range(live_start, live_end if tag == "replace" else live_start):
            found = next((each for each in range(at, end) if _is_changed_form(written[each], blocks[number])), None)
            if found is not None:
                own.add(number)
                at = found + 1
    return own


def _is_changed_form(written: str, block: str) -> bool:
    ours, theirs = read_strictly(written).root, read_strictly(block).root
    if [child.name for child in ours.children] != [child.name for child in theirs.children]:
        return False
    return SequenceMatcher(None, text_of(ours), text_of(theirs)).ratio() >= _ALIKE
