"""Text of which a reader sees nothing: blanks, and characters without a shape such as the zero-width space."""

import unicodedata

_SHAPELESS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
"""Letters and marks without a shape; the format characters are found by their category."""


def is_unseen(text: str) -> bool:
    """Return whether *text* is empty, or has only blanks and invisible characters."""
    if not text.strip():
        return True
    return not text.isascii() and all(map(_is_unseen, text))


def _is_unseen(character: str) -> bool:
    return character.isspace() or character in _SHAPELESS or unicodedata.category(character) == "Cf"
