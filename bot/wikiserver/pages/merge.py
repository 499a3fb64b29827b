"""Two people's changes to one body put together, where they do not touch the same place."""

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from bot.wikiserver.storage_tree import BadBody, parse

MAX_TOKENS: Final = 20_000
_TOKENS: Final = re.compile(r"<[^>]*>|\s+|[^<\s]+")


def merge(base: str, mine: str, theirs: str) -> str | None:
    """Return *base* with both changes, or None where they touch each other or the result would be malformed."""
    tokens = _TOKENS.findall(base)
    if len(tokens) > MAX_TOKENS:
        return None
    changes = sorted([*_changes(tokens, mine), *_changes(tokens, theirs)])
    pieces: list[str] = []
    cursor, last = 0, None
    for change in changes:
        start, end, text = change
        if change == last:
            continue  # both made the same change
        if last is not None and start <= last[1]:
            return None
        pieces += [*tokens[cursor:start], text]
        cursor, last = end, change
    merged = "".join([*pieces, *tokens[cursor:]])
    try:
        parse(merged)
    except BadBody:
        return None
    return merged


def _changes(tokens: Sequence[str], changed: str) -> list[tuple[int, int, str]]:
    """Return what *changed* puts in place of which stretches of *tokens*."""
    after = _TOKENS.findall(changed)
    opcodes = SequenceMatcher(None, tokens, after, autojunk=False).get_opcodes()
    return [
        (start, end, "".join(after[new_start:new_end]))
        for what, start, end, new_start, new_end in opcodes
        if what != "equal"
    ]
