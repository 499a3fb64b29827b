"""Render the diff of two captured states of a page as text or HTML (pure)."""

from bot.escape import visible
from bot.present.environment import render
from bot.snapshot.query.page_diff import BlockChange, ChangeKind, PageDiff
from bot.text_diff import PieceKind, near_changes

_CONTEXT = 2
_MARGIN = {
    ChangeKind.SAME: " ",
    ChangeKind.ADDED: "+",
    ChangeKind.REMOVED: "-",
    ChangeKind.EDITED: "~",
    ChangeKind.MOVED: ">",
}
_MARKS = {PieceKind.REMOVED: "[-{}-]", PieceKind.ADDED: "{{+{}+}}", PieceKind.SAME: "{}"}


def page_diff_as_text(diff: PageDiff) -> str:
    """Return the changes with two lines of context; removed words are in `[-…-]`, added ones in `{+…+}`."""
    return visible(render("page_diff.txt", diff=diff, blocks=_near(diff), margin=_MARGIN, text_of=_text_of))


def page_diff_as_html(diff: PageDiff) -> str:
    """Return an HTML page that loads no external resources."""
    return render("page_diff.html", diff=diff, blocks=_near(diff))


def _near(diff: PageDiff) -> list[BlockChange | None]:
    shown = near_changes([block.change is not ChangeKind.SAME for block in diff.blocks], context=_CONTEXT)
    return [None if index is None else diff.blocks[index] for index in shown] if not diff.is_empty else []


def _text_of(block: BlockChange) -> str:
    if block.change is not ChangeKind.EDITED:
        return block.pieces[0].text
    return "".join(_MARKS[piece.kind].format(piece.text) for piece in block.pieces)
