"""Was a write whose answer was lost committed after all? Judged from the version that the wiki holds now."""

import html
import re
from collections import Counter

from bot.wiki.gateway import Page

_MARKUP = re.compile(r"<!\[CDATA\[|\]\]>|<[^>]*>")


def is_our_write(found: Page, *, base: Page, body: str, message: str, author_id: str) -> bool:
    """Tell whether *found* is what we sent on top of *base*.

    The wiki rewrites markup when it saves, so bodies are compared by their words alone; the number of the version, its
    message and its author have to agree too.
    """
    version = found.ref.version
    return (
        found.id == base.id
        and version.number == base.version + 1
        and version.message == message
        and version.author.id == author_id
        and _words(found.body) == _words(body)
    )


def _words(body: str) -> Counter[str]:
    return Counter(html.unescape(_MARKUP.sub(" ", body)).split())
