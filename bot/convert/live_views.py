"""What the wiki showed for macros that have no content of their own: found in its rendered view of a page.

The view names macros by `data-macro-id` and `data-macro-name` (observed in views of Cloud and Data Center).
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from bs4 import BeautifulSoup, Tag

from bot.convert.macro_handlers import is_live
from bot.storage.macros import Macro, is_macro, read_macro
from bot.storage.reader import Document

_LONGEST_FRAGMENT = 200_000
"""Characters; a longer list is not kept, and the macro is a loss."""
_ITEMS = ("li", "tr", "dd")
_UNKNOWN = re.compile(r"\s*Unknown macro\b", re.IGNORECASE)
"""What a wiki shows for a macro that it does not have, in an element with `unknown-macro` or `error` in its class."""
_UNSEEN = ("form", "button", "input", "select", "textarea", "svg", "iframe", "object", "embed", "link", "meta")


def find_live_macros(body: Document, *, with_unknown: bool = True) -> list[Macro]:
    """Return the macros of a body whose content only the wiki knows, in order."""
    return [
        macro
        for macro in map(read_macro, filter(is_macro, body.elements()))
        if is_live(macro, with_unknown=with_unknown)
    ]


def find_fragments(
    view: str, macros: Sequence[Macro], may_show: Callable[[str], bool], hidden_titles: Iterable[str] = ()
) -> dict[str, str]:
    """Return what *view*, the HTML of a page, shows for each of *macros*, by `Macro.identity`.

    *may_show* is asked about each address: an entry that leads to an address which it refuses is left out. A fragment
    that has such an address outside of any entry, or one of *hidden_titles*, is not returned.
    """
    soup = BeautifulSoup(view, "html.parser")
    by_id: dict[str, Tag] = {}
    by_name: dict[str, list[Tag]] = defaultdict(list)
    for tag in soup.select("[data-macro-name]"):
        by_id.setdefault(str(tag.get("data-macro-id") or ""), tag)
        by_name[str(tag["data-macro-name"]).lower()].append(tag)
    titles = [title for title in hidden_titles if title]
    found: dict[str, str] = {}
    for macro in macros:
        part = by_id.get(macro.element.attributes.get("ac:macro-id") or "-") or _by_place(macro, macros, by_name)
        fragment = None if part is None or _is_unknown(part) else _clean(part, may_show, titles)
        if fragment is not None and len(fragment) <= _LONGEST_FRAGMENT:
            found.setdefault(macro.identity, fragment)
    return found


def _by_place(macro: Macro, macros: Sequence[Macro], by_name: Mapping[str, Sequence[Tag]]) -> Tag | None:
    """Return the part of a macro whose id the view does not have, if the view has as many of its name as the body."""
    same, tags = [each for each in macros if each.key == macro.key], by_name.get(macro.key, ())
    return (
        next((tag for each, tag in zip(same, tags, strict=True) if each is macro), None)
        if len(same) == len(tags)
        else None
    )


def _is_unknown(tag: Tag) -> bool:
    """Return whether the wiki shows only that it does not have the macro."""
    for element in (tag, *tag(True)):
        classes = str(element.get("class") or "")
        if ("unknown-macro" in classes or "error" in classes) and _UNKNOWN.match(element.get_text()):
            return True
    return False


def _clean(tag: Tag, may_show: Callable[[str], bool], hidden_titles: Sequence[str]) -> str | None:
    for element in tag(_UNSEEN):
        if not element.decomposed:
            element.decompose()
    for link in tag("a", href=True):
        if link.decomposed or may_show(str(link["href"])):
            continue
        item = link.find_parent(_ITEMS)
        if item is None or item not in tag.descendants:
            return None
        item.decompose()
    text = tag.get_text(" ")
    return None if any(title in text for title in hidden_titles) else str(tag)
