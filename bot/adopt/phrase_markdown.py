"""Render phrases as inline Markdown, verified by a round trip."""

import re

from bot import inline
from bot.adopt.data_targets import CannotSayError, LinkTarget, page_of
from bot.adopt.phrases import (
    Context,
    Inserted,
    Kind,
    LineBreak,
    Mark,
    Paint,
    Phrase,
    Style,
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
    """Return inline Markdown that renders as *phrases*, if necessary without bold and italic.

    Raises `CannotSayError` if there is none.
    """
    picture = next((each for each in phrases if isinstance(each, Inserted) and each.kind is Kind.PICTURE), None)
    if picture is not None:
        raise CannotSayError(f"the picture {picture.label!r} in a text; only a link can be a picture")
    for em, strong in (("*", "**"), ("_", "**"), ("*", "__")):
        markdown = _write(phrases, {Style.EM: em, Style.STRONG: strong})
        if _reads_back(markdown, phrases, context):
            return markdown
    plain = settle([_without_style(each) for each in phrases])
    markdown = _write(plain, {})
    if not _reads_back(markdown, plain, context):
        raise CannotSayError(f"the text {say(phrases)!r}, which has no spelling in Markdown")
    return markdown


def to_spaced_markdown(phrases: list[Phrase], context: Context) -> str:
    """Return inline Markdown as `to_markdown`, with one space at each end where *phrases* have white space."""
    core = settle(phrases)
    if not core:
        return ""
    before = isinstance(phrases[0], Words) and phrases[0].text[:1].isspace()
    after = isinstance(phrases[-1], Words) and phrases[-1].text[-1:].isspace()
    return f"{' ' * before}{to_markdown(core, context)}{' ' * after}"


def _write(phrases: list[Phrase], fences: dict[Style, str]) -> str:
    pieces: list[str] = []
    opened: tuple[Mark, ...] = ()
    for phrase in phrases:
        marks = tuple(mark for mark in marks_of(phrase) if mark is not Style.CODE)
        shared = shared_marks(opened, marks)
        pieces += (_close(mark, fences) for mark in reversed(opened[len(shared) :]))
        pieces += (_open(mark, fences) for mark in marks[len(shared) :])
        opened = marks
        match phrase:
            case Words():
                pieces.append(_code(phrase.text) if Style.CODE in phrase.marks else inline.escape(phrase.text))
            case Inserted(Kind.ICON):
                pieces.append(f":{phrase.value}:")
            case Inserted():
                pieces.append(f"[{inline.escape(phrase.label)}]({phrase.kind}:{_escape_brackets(phrase.value)})")
            case LineBreak():
                pieces.append("\\\n")
    pieces += (_close(mark, fences) for mark in reversed(opened))
    return "".join(pieces)


def _open(mark: Mark, fences: dict[Style, str]) -> str:
    return fences[mark] if isinstance(mark, Style) else "["


def _close(mark: Mark, fences: dict[Style, str]) -> str:
    match mark:
        case Style():
            return fences[mark]
        case Paint(scheme, colour):
            return f"]({scheme}:{colour})"
        case LinkTarget(LinkKind.EXTERNAL, value, card) if card == "inline":
            return f"](card:{_escape_brackets(value)})"
        case LinkTarget(LinkKind.EXTERNAL, value):
            return f"]({value})" if re.fullmatch(r"[^\s()<>\\]+", value) else f"](<{value}>)"
        case LinkTarget():
            return f"]({mark.kind}:{_escape_brackets(mark.value)})"


def _escape_brackets(value: str) -> str:
    return re.sub(r"([\\()])", r"\\\1", value)


def _code(text: str) -> str:
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


def _without_style(phrase: Phrase) -> Phrase:
    if not isinstance(phrase, Words):
        return phrase
    return Words(phrase.text, tuple(mark for mark in phrase.marks if not isinstance(mark, Style)))


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
            *(type(each), each.value if isinstance(each, Inserted) else "", text_of(each)),
            *(page_of(mark, context.pages) if isinstance(mark, LinkTarget) else mark for mark in marks_of(each)),
        )
        for each in phrases
    ]
