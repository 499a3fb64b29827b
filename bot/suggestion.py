"""Suggest known words for a misspelt word (pure)."""

import unicodedata
from collections.abc import Iterable

_CUTOFF = 0.6
_SHORTEST_PART = 3


def similar_words(word: str, known: Iterable[str], *, limit: int = 3) -> list[str]:
    """Return the words of *known* that are most similar to *word*, the most similar first.

    Case, composed and decomposed characters, and repeated blanks make no difference.
    """
    import difflib  # only a word that is not known needs it

    by_folded: dict[str, str] = {}
    for candidate in known:
        by_folded.setdefault(_fold(candidate), candidate)
    folded = _fold(word)
    found = difflib.get_close_matches(folded, by_folded, n=limit, cutoff=_CUTOFF)
    if len(folded) >= _SHORTEST_PART:
        found += sorted(name for name in by_folded if folded in name and name not in found)
    return [by_folded[name] for name in found[:limit]]


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return ` (did you mean 'x'?)` for a message about the unknown *word*; empty if no word is similar."""
    found = similar_words(word, known)
    return f" (did you mean {' or '.join(map(repr, found))}?)" if found else ""


def _fold(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
