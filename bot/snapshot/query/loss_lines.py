"""What Markdown cannot express of a page, as the rendition states it, with the line of the source (pure)."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from bot.convert.context import Loss
from bot.snapshot.query.page_lists import list_items

_FIELD = re.compile(r'(\w+): ("(?:[^"\\]|\\.)*")')


@dataclass(frozen=True, slots=True)
class LossLine:
    """One loss; *line* is the line of the source as `split_source` breaks it, None if it is not known."""

    kind: str
    what: str
    detail: str
    line: int | None


def read_losses(front: str, source_lines: Sequence[str]) -> tuple[LossLine, ...]:
    """Return the losses that the front matter *front* lists."""
    return tuple(_find(dict(_fields(item)), source_lines) for item in list_items(front, "losses"))


def locate_losses(losses: Sequence[Loss], source_lines: Sequence[str]) -> tuple[LossLine, ...]:
    """Return the losses of a conversion, each once."""
    fields = ({"kind": each.kind, "what": each.what, "detail": each.detail} for each in dict.fromkeys(losses))
    return tuple(_find(each, source_lines) for each in fields)


def _fields(item: str) -> Iterator[tuple[str, str]]:
    for name, value in _FIELD.findall(item):
        yield name, str(json.loads(value))


def _find(fields: dict[str, str], lines: Sequence[str]) -> LossLine:
    kind, what, detail = (fields.get(name, "") for name in ("kind", "what", "detail"))
    needles = {
        "macro": [f'ac:name="{escape(what)}"', what],
        "element": [f"<{what}"],
        "attribute": [f"<{what.partition(' ')[0]}"],
        "list": ["<ol"],
    }.get(kind, [escape(what), what])
    found = (number for needle in needles if needle for number, line in enumerate(lines, start=1) if needle in line)
    return LossLine(kind, what, detail, next(found, None))
