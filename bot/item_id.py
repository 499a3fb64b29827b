"""The id of a news item, made from its words."""

import re
import unicodedata
from collections.abc import Container

from bot.inline import plain_text

_MAX_LENGTH = 60


def make_id(markdown: str, taken: Container[str]) -> str:
    """Return an id made from the words of an item, with a number if one of *taken* is the same.

    It has ASCII letters, digits and hyphens, and at most 60 characters without the number; a word is not cut.
    """
    letters = unicodedata.normalize("NFKD", plain_text(markdown)).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", letters).strip("-")
    base = words if len(words) <= _MAX_LENGTH else words[: _MAX_LENGTH + 1].rpartition("-")[0] or words[:_MAX_LENGTH]
    base = base or "news"
    number, found = 2, base
    while found in taken:
        found, number = f"{base}-{number}", number + 1
    return found
