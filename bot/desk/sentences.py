"""Sentences that the operations make in English, such as findings and the words of revisions, in another language.

Records have them in English, because the commands and the audit log show them too. The catalogue has each sentence with
`{1}`, `{2}` … in place of its values; `script/sentences.py` finds them in the modules that make them.
"""

import re
from collections.abc import Iterator
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
    *("merged", "disputed", "by {1}", "news", "drifted"),
)
"""Names of fields of the data file, and of what runs count."""
_VALUE = re.compile(r"\{\d\}")
_JOINTS = (": ", "; ", ", ")
_MOST_KEPT = 4_096


def sentence(text: str) -> str:
    """Return a sentence of an operation in the language of the person; one that is not known stays as it is."""
    return text if language() == ENGLISH else _translated(language(), text)


def begun(text: str) -> str:
    """Return a sentence with a capital letter at its beginning."""
    return text[:1].upper() + text[1:]


@lru_cache(_MOST_KEPT)
def _translated(name: str, text: str) -> str:
    for pattern, translation in _patterns(name):
        match = pattern.fullmatch(text)
        if match is not None:
            return translation.format("", *(_translated(name, value) for value in match.groups()))
    for joint in _JOINTS:
        first, found, rest = text.partition(joint)
        if found:
            return f"{_translated(name, first)}{found}{_translated(name, rest)}"
    return text


@cache
def _patterns(name: str) -> tuple[tuple[re.Pattern[str], str], ...]:
    """Return the translated sentences, those with the most letters of their own first."""
    found = sorted(_sentences(name), key=lambda pair: -len(_VALUE.sub("", pair[0])))
    return tuple((_pattern(text), translation) for text, translation in found)


def _sentences(name: str) -> Iterator[tuple[str, str]]:
    path = CATALOGUES / f"{name}.po"
    if not path.is_file():
        return
    with path.open("rb") as file:
        for message in read_po(file, locale=name):
            if message.context == CONTEXT and isinstance(message.string, str) and message.string:
                yield str(message.id), message.string


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile("(.*?)".join(map(re.escape, _VALUE.split(text))), re.DOTALL)
