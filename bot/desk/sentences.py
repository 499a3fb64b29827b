"""Sentences that the operations make in English, such as findings and the words of revisions, in another language.

Records have them in English, because the commands and the audit log show them too. The catalogue has each sentence with
`{1}`, `{2}` … in place of its values; `script/sentences.py` finds them in the modules that make them.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Final

from babel.messages.pofile import read_po

from bot.desk.language import CATALOGUES, ENGLISH, language

CONTEXT = "sentence"
SHORT_WORDS: Final = (
    *("text", "date", "publish_at", "publish at", "expires_at", "review_by", "review by", "pinned", "page", "url"),
    *("attachment", "file", "icon", "lozenge", "links", "layout", "show", "label", "title", "columns", "timezone"),
    *("intro", "items", "group", "home", "heading"),
    *("expected", "captured", "unchanged", "gone", "left out", "restrictions read", "requests", "requests for {1}"),
    *("bags", "files", "to review", "findings", "flaws", "pages", "written", "skipped", "excluded", "failed"),
    *("merged", "disputed", "by {1}", "news", "drifted", "redacted", "regions", "to write"),
    *("pages not listed", "people", "search", "lists of pages", "other things"),
    *("personal access token", "password of {1}", "access token"),
    *("scoped API token of {1}", "classic API token of {1}"),
)
"""Names of fields of the data file, of what runs count, and of ways to sign in."""
_VALUE = re.compile(r"\{\d\}")
_JOINTS = (": ", "; ", ", ")
_MOST_KEPT = 4_096
_MOST_PARTS = 100
"""How many sentences of one text are translated, one after the other."""
_MOST_DEPTH = 5
"""How many sentences can be values of each other."""


def sentence(text: str) -> str:
    """Return a sentence of an operation in the language of the person; one that is not known stays as it is."""
    return text if language() == ENGLISH else _translated(language(), text)


def begun(text: str) -> str:
    """Return a sentence with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


@lru_cache(_MOST_KEPT)
def _translated(name: str, text: str, depth: int = 0) -> str:
    """Return *text* with each sentence in it translated; *depth* is the number of sentences whose value it is in."""
    done = ""
    for _ in range(_MOST_PARTS):
        whole = _translate_whole(name, text, depth)
        joint = next((each for each in _JOINTS if each in text), "")
        if whole is not None or not joint:
            return done + (text if whole is None else whole)
        first, _joint, text = text.partition(joint)
        done += _translated(name, first, depth) + joint
    return done + text


def _translate_whole(name: str, text: str, depth: int) -> str | None:
    """Return the translation of a text that is one sentence, with its values translated."""
    for pieces, translation in _patterns(name) if depth <= _MOST_DEPTH else ():
        values = _find_values(pieces, text)
        if values is not None:
            return translation.format("", *(_translated(name, value, depth + 1) for value in values))
    return None


def _find_values(pieces: Sequence[str], text: str) -> list[str] | None:
    """Return what *text* has between the *pieces* of a sentence, each value as short as possible; else None.

    A regular expression needs time that grows with a power of the length: a text can have hundreds of titles.
    """
    first, *others = pieces
    if not others:
        return [] if text == first else None
    *middle, last = others
    start, end = len(first), len(text) - len(last)
    if not (text.startswith(first) and text.endswith(last)):
        return None
    values: list[str] = []
    for piece in middle:
        found = text.find(piece, start, max(start, end))
        if found < 0:
            return None
        values.append(text[start:found])
        start = found + len(piece)
    return [*values, text[start:end]] if start <= end else None


@cache
def _patterns(name: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    """Return the translated sentences, each as the pieces around its values; those with the most letters first."""
    found = ((tuple(_VALUE.split(text)), translation) for text, translation in _sentences(name))
    return tuple(sorted(found, key=lambda pair: -sum(map(len, pair[0]))))


def _sentences(name: str) -> Iterator[tuple[str, str]]:
    path = CATALOGUES / f"{name}.po"
    if not path.is_file():
        return
    with path.open("rb") as file:
        for message in read_po(file, locale=name):
            if message.context == CONTEXT and isinstance(message.string, str) and message.string:
                yield str(message.id), message.string
