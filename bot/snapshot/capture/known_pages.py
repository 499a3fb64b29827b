"""The pages of a space about which the listings say the same as at the last capture: nothing of them is read."""

from dataclasses import dataclass, field

from bot.config.policy import HistoryMode
from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.library import Library
from bot.snapshot.archive.record import PageRecord
from bot.snapshot.capture.page_capture import held_parts
from bot.snapshot.capture.selection import Selection
from bot.wiki.gateway import PageRef

_KINDS = {"a": "attachments", "c": "comments", "l": "labels", "r": "restrictions"}
_LETTERS = {kind: letter for letter, kind in _KINDS.items()}


@dataclass
class KnownPages:
    """Compares the listings with those of the last capture, and notes them for the next one."""

    selection: Selection
    library: Library
    history: HistoryMode
    noted: dict[str, str] = field(default_factory=dict)
    """Id of a captured page → fingerprint of what the listings say, and letters for what kinds of data it has."""
    _places: dict[str, str] = field(default_factory=dict)
    """Id of a node with pages below it → digest of the node and all nodes above it."""

    def __post_init__(self) -> None:
        """Take what the last capture noted."""
        memory = self.selection.overview.memory
        self._before = memory.fingerprints if memory else {}

    def find_kinds_if_same(self, ref: PageRef) -> frozenset[str] | None:
        """Return the kinds of data of a page that is exactly as captured; None if the page has to be looked at."""
        before, standing = self._before.get(ref.id), self.library.standing(ref.id)
        is_same_standing = (
            standing is not None
            and not standing.is_gone
            and standing.space_key == ref.space_key
            and standing.is_selected == (ref.id in self.selection.archived)
        )
        if before is None or not is_same_standing:
            return None
        fingerprint, _, letters = before.partition(" ")
        if fingerprint != self.selection.overview.find_fingerprint(ref, self._place_of(ref), self.history):
            return None
        self.noted[ref.id] = before
        return frozenset(_KINDS[letter] for letter in letters)

    def note(self, ref: PageRef, record: PageRecord) -> None:
        """Note what the listings say about a page whose newest record is *record*, if both agree."""
        fingerprint = self.selection.overview.note_fingerprint(ref, record, self._place_of(ref), self.history)
        if fingerprint is not None:
            self.noted[ref.id] = f"{fingerprint} {''.join(sorted(_LETTERS[kind] for kind in held_parts(record)))}"

    def _place_of(self, ref: PageRef) -> str:
        """Return what identifies the ids and titles of all nodes above a page."""
        nodes, trail = self.selection.nodes, list[str]()
        parent_id = ref.parent_id
        while parent_id is not None and parent_id in nodes and parent_id not in self._places:
            self._places[parent_id] = ""  # ends a cycle
            trail.append(parent_id)
            parent_id = nodes[parent_id].parent_id
        place = self._places.get(parent_id or "", "")
        for node_id in reversed(trail):
            text = f"{place} {node_id} {nodes[node_id].title}"
            place = self._places[node_id] = sha256(text.encode("utf-8", "surrogatepass"))
        return self._places.get(ref.parent_id or "", "")
