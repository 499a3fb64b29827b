"""The result of a mirroring."""

from dataclasses import dataclass

from bot.plural import counted

_NAMED = 3


@dataclass(frozen=True, slots=True)
class MirrorReport:
    """The result of one mirroring to *address*; *problem* is empty if the store has everything."""

    address: str
    sequence: int | None = None
    uploaded: int = 0
    found: int = 0
    """Files that the store had already, from an upload that was interrupted."""
    restored: tuple[str, ...] = ()
    """Files that this mirror had uploaded, and that were missing in the store."""
    removed: int = 0
    problem: str = ""

    @property
    def is_fine(self) -> bool:
        """Whether the store has everything, and had lost nothing."""
        return not self.problem and not self.restored

    def __str__(self) -> str:
        """Return the result for people."""
        if self.problem:
            return f"mirror {self.address}: failed: {self.problem}"
        text = f"mirror {self.address}: run {self.sequence} is there; {counted(self.uploaded, 'file')} uploaded"
        if self.restored:
            some = ", ".join(self.restored[:_NAMED]) + (", …" if len(self.restored) > _NAMED else "")
            text += (
                f". {counted(len(self.restored), 'file')} had disappeared from the store and were uploaded again: "
                f"{some}; find out who removed them"
            )
        return text
