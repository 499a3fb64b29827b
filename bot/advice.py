"""Commands that messages advise to run, completed so that they run as printed."""

import re
import shlex
from collections.abc import Mapping

_COMMAND = re.compile(r"`wikibot (?P<words>[a-z][^`\n]*)`")
_CHOOSE_WIKI = ("--workspace", "--wiki")


def complete(text: str, options: Mapping[str, str]) -> str:
    """Return *text* with *options* added to each command in backticks, apart from what the command chooses itself."""
    if not options or "`wikibot " not in text:
        return text

    def add(found: re.Match[str]) -> str:
        words = found["words"]
        has = set(words.split())
        has.update(_CHOOSE_WIKI if has.intersection(_CHOOSE_WIKI) else ())
        more = [shlex.join(option) for option in options.items() if option[0] not in has]
        return f"`{' '.join(('wikibot', words, *more))}`"

    return _COMMAND.sub(add, text)
