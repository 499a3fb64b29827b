"""Places in the page: GitHub's ids for headings, links to them, and the table of contents."""

import re
from collections import Counter
from collections.abc import Iterator

from bs4 import Tag

from bot.convert.link_targets import slug
from bot.convert.shape import shape
from bot.convert.tree import Node, attribute, make, plain, text_of

_HEADING = re.compile(r"h[1-6]$")


def resolve_places(root: Tag, title: str) -> None:
    """Settle all places in a page; *title* stands above it as its first heading.

    Fill in each table of contents in *root*, and lead links to headings to where GitHub puts them.
    """
    headings = list(_headings(root, title))
    slugs = {_key(text): place for _level, text, place in reversed(headings)}
    anchors = {attribute(tag, "id") for tag in root.find_all("a", id=True)}
    for link in root.find_all("a", anchor=True):
        place = attribute(link, "anchor")
        del link["anchor"]
        if slug(place) in anchors:
            link["href"] = f"#{slug(place)}"
            continue
        # Data Center writes `PageTitle-HeadingText`, Cloud `Heading-Text`, authors the heading itself.
        found = slugs.get(_key(place)) or slugs.get(_key(place).removeprefix(_key(title)))
        link["href"] = f"#{found or slug(place)}"
    for toc in root.find_all("toc"):
        lowest, highest = _level(toc, "lowest", 1), _level(toc, "highest", 6)
        entries = [entry for entry in headings if lowest <= entry[0] <= highest]
        toc.replace_with(*shape(_contents(entries)))


def _headings(root: Tag, title: str) -> Iterator[tuple[int, str, str]]:
    seen = Counter([slug(title)] if title else [])
    for tag in root.find_all(_HEADING):
        text = plain(text_of(tag))
        place = slug(text)
        number = seen[place]
        seen[place] += 1
        if text:
            yield int(tag.name[1]), text, f"{place}-{number}" if number else place


def _key(text: str) -> str:
    return re.sub(r"[\W_]", "", text.lower())


def _level(toc: Tag, name: str, otherwise: int) -> int:
    value = attribute(toc, name)
    return int(value) if value.isdecimal() else otherwise


def _contents(entries: list[tuple[int, str, str]]) -> list[Node]:
    """Return headings as a nested list of links."""
    root = make("ul")
    stack: list[tuple[int, Tag]] = [(0, root)]
    for level, text, place in entries:
        while len(stack) > 1 and stack[-1][0] >= level:
            stack.pop()
        parent = stack[-1][1]
        if parent.name == "li":
            inner = parent.find("ul", recursive=False)
            parent = inner if isinstance(inner, Tag) else _append(parent, make("ul"))
        item = _append(parent, make("li", make("p", make("a", text, href=f"#{place}"))))
        stack.append((level, item))
    return [root] if root.contents else []


def _append(parent: Tag, child: Tag) -> Tag:
    parent.append(child)
    return child
