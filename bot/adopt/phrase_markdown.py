"""Render phrases as inline Markdown, verified by a round trip."""

import re

from bot import inline
from bot.adopt.data_targets import CannotSayError, LinkTarget, page_of
from bot.adopt.phrases import (
    Context,
    LineBreak,
    Mark,
    Phrase,
    Style,
    Symbol,
    Words,
    marks_of,
    read_phrases,
    say,
    settle,
    shared_marks,
    text_of,
)
from bot.storage.reader import read_strictly
from bot.sync.data_links import LinkKind


def to_markdown(phrases: list[Phrase], context: Context) -> str:
    """Return inline Markdown that renders as *phrases*; raises `CannotSayError`."""
    if any(isinstance(each, Symbol) for each in phrases):
        raise CannotSayError("an icon in the middle of a text")
    for em, strong in (("*", "**"), ("_", "**"), ("*", "__")):
        markdown = _write(phrases, {Style.EM: em, Style.STRONG: strong})
        if _reads_back(markdown, phrases, context):
            return markdown
    plain = settle([_without_style(each) for each in phrases])
    markdown = _write(plain, {})
    if not _reads_back(markdown, plain, context):
        raise CannotSayError(f"the text {say(phrases)!r}, which has no spelling in Markdown")
    context.note("some bold, italic or code that Markdown cannot spell becomes plain")
    return markdown


def _write(phrases: list[Phrase], fences: dict[Style, str]) -> str:
    pieces: list[str] = []
    opened: tuple[Mark, ...] = ()
    for phrase in phrases:
        marks = tuple(mark for mark in marks_of(phrase) if mark is not Style.CODE)
        shared = shared_marks(opened, marks)
        pieces += (_close(mark, fences) for mark in reversed(opened[len(shared) :]))
        pieces += (_open(mark, fences) for mark in marks[len(shared) :])
        opened = marks
        if isinstance(phrase, Words):
            pieces.append(_code(phrase.text) if Style.CODE in phrase.marks else inline.escape(phrase.text))
        elif isinstance(phrase, LineBreak):
            pieces.append("\\\n")
    pieces += (_close(mark, fences) for mark in reversed(opened))
    return "".join(pieces)


def _open(mark: Mark, fences: dict[Style, str]) -> str:
    return "[" if isinstance(mark, LinkTarget) else fences[mark]


def _close(mark: Mark, fences: dict[Style, str]) -> str:
    if not isinstance(mark, LinkTarget):
        return fences[mark]
    if mark.kind is LinkKind.EXTERNAL:
        return f"]({mark.value})" if re.fullmatch(r"[^\s()<>\\]+", mark.value) else f"](<{mark.value}>)"
    escaped = re.sub(r"([\\()])", r"\\\1", mark.value)
    return f"]({mark.kind}:{escaped})"


def _code(text: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _without_style(phrase: Phrase) -> Phrase:
    if not isinstance(phrase, Words):
        return phrase
    return Words(phrase.text, tuple(mark for mark in phrase.marks if isinstance(mark, LinkTarget)))


def _reads_back(markdown: str, phrases: list[Phrase], context: Context) -> bool:
    try:
        fragment = inline.to_storage(markdown, context.pages)
        read = read_phrases(read_strictly(fragment).root.nodes, Context(context.pages))
    except CannotSayError:
        return False
    return _resolve(read, context) == _resolve(phrases, context)


def _resolve(phrases: list[Phrase], context: Context) -> list[tuple[object, ...]]:
    """Return *phrases* with page references resolved, because a title and an id can name the same page."""
    return [
        (
            text_of(each),
            *(page_of(mark, context.pages) if isinstance(mark, LinkTarget) else mark for mark in each.marks),
        )
        if isinstance(each, Words)
        else (each,)
        for each in phrases
    ]
