"""A diff for people: text with marks, or a page of HTML. Pure."""

from html import escape

from bot.snapshot.query.page_diff import BlockChange, Change, PageDiff

_MARGIN = {Change.SAME: " ", Change.ADDED: "+", Change.REMOVED: "-", Change.EDITED: "~", Change.MOVED: ">"}
_CONTEXT = 2

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c1c1c; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; margin: 0; padding: .15rem .6rem; border-left: 4px solid #ddd; }
pre.added { border-color: #1a7f37; background: #e6f6ea; } pre.removed { border-color: #b42318; background: #fdecea; }
pre.edited { border-color: #9a6700; } pre.moved { border-color: #0550ae; background: #eaf2fd; }
ins { background: #c3edcd; text-decoration: underline; } del { background: #fbcfca; }
p.gap { color: #666; margin: .2rem .6rem; }
@media (prefers-color-scheme: dark) {
  body { background: #16181c; color: #e8e8e8; } pre { border-color: #444; }
  pre.added, ins { background: #123d20; } pre.removed, del { background: #4a1a17; } pre.moved { background: #15294a; }
}
"""


def diff_as_text(diff: PageDiff) -> str:
    """Return the changes with two lines around each; removed words stand in [-…-], added ones in {+…+}."""
    lines = [f"{diff.title} ({diff.page_id}): {diff.before} → {diff.after}", *(f"* {line}" for line in diff.data)]
    if diff.structure:
        lines.append(f"* {', '.join(diff.structure)}")
    if diff.is_empty:
        lines.append("both read alike")
    lines += (
        "  …" if block is None else f"{_MARGIN[block.change]} {_text_of(block)}" for block in _with_context(diff.blocks)
    )
    return "\n".join(lines) + "\n"


def diff_as_html(diff: PageDiff) -> str:
    """Return a page that stands on its own."""
    title = escape(f"{diff.title}: {diff.before} → {diff.after}")
    facts = "".join(f"<li>{escape(line)}</li>" for line in (*diff.data, *diff.structure))
    blocks = "\n".join(
        '<p class="gap">…</p>' if block is None else f'<pre class="{block.change.value}">{_html_of(block)}</pre>'
        for block in _with_context(diff.blocks)
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>\n'
        f"<body><h1>{title}</h1>\n<ul>{facts or '<li>both read alike</li>'}</ul>\n{blocks}\n</body></html>\n"
    )


def _with_context(blocks: tuple[BlockChange, ...]) -> list[BlockChange | None]:
    """Return changed blocks and their neighbours, None for what is left out between."""
    near = {
        n
        for index, block in enumerate(blocks)
        if block.change is not Change.SAME
        for n in range(index - _CONTEXT, index + _CONTEXT + 1)
    }
    shown: list[BlockChange | None] = []
    for index, block in enumerate(blocks):
        if index in near:
            shown.append(block)
        elif shown and shown[-1] is not None:
            shown.append(None)
    return shown


def _text_of(block: BlockChange) -> str:
    if block.change is not Change.EDITED:
        return block.pieces[0].text
    marks = {Change.REMOVED: "[-{}-]", Change.ADDED: "{{+{}+}}"}
    return "".join(marks.get(piece.change, "{}").format(piece.text) for piece in block.pieces)


def _html_of(block: BlockChange) -> str:
    tags = {Change.REMOVED: "del", Change.ADDED: "ins"}
    return "".join(
        f"<{tag}>{escape(piece.text)}</{tag}>" if (tag := tags.get(piece.change)) else escape(piece.text)
        for piece in block.pieces
    )
