"""Render the diff of two captured states of a page as text or HTML (pure)."""

from markupsafe import Markup

from bot.escape import visible
from bot.present.environment import render
from bot.present.rendered_diff import mark_changes
from bot.present.rendered_page import NOWHERE, Resolver, render_markdown
from bot.snapshot.query.page_diff import BlockChange, ChangeKind, PageComparison, PageDiff
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


def page_diff_as_html(compared: PageComparison) -> str:
    """Return an HTML page with the newer state as it is read, and the changes marked; it loads no other resource."""
    return render("page_diff.html", diff=compared.diff, content=Markup(rendered_changes(compared)))  # noqa: S704 -- sanitised


def rendered_changes(compared: PageComparison, resolver: Resolver = NOWHERE) -> str:
    """Return the newer of two states as HTML, with the changes marked; empty if the text is the same."""
    if compared.old_markdown == compared.new_markdown:
        return ""
    old, new = (render_markdown(text, resolver) for text in (compared.old_markdown, compared.new_markdown))
    return mark_changes(old, new)


def _near(diff: PageDiff) -> list[BlockChange | None]:
    shown = near_changes([block.change is not ChangeKind.SAME for block in diff.blocks], context=_CONTEXT)
    return [None if index is None else diff.blocks[index] for index in shown] if not diff.is_empty else []


def _text_of(block: BlockChange) -> str:
    if block.change is not ChangeKind.EDITED:
        return block.pieces[0].text
    return "".join(_MARKS[piece.kind].format(piece.text) for piece in block.pieces)
