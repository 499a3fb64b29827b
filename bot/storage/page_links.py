"""Find the links of a page to other pages, each with its words (pure)."""

from collections.abc import Iterator
from dataclasses import dataclass

from bot.storage.addresses import PageAddress, parse_page_address
from bot.storage.macros import collapse, iter_content, macro_name
from bot.storage.reader import Document, Element


@dataclass(frozen=True, slots=True)
class PageLink:
    """A link to a page, or a macro that shows a page; *words* is what a reader sees of the link."""

    words: str
    target: PageAddress


def iter_page_links(body: Document, *wiki: str) -> Iterator[PageLink]:
    """Yield the links of a body to pages of the wiki, in document order; *wiki* are all addresses of the wiki."""
    for element in iter_content(body):
        if element.name not in ("ri:page", "a"):
            continue
        target = _target_of(element, wiki)
        if target is not None:
            yield PageLink(_words_of(element) or target.title or f"page {target.page_id}", target)


def _target_of(element: Element, wiki: tuple[str, ...]) -> PageAddress | None:
    attributes = element.attributes
    if element.name == "a":
        target = parse_page_address(attributes.get("href", ""), *wiki)
        return target if target is not None and (target.page_id or target.title) else None
    title, page_id = attributes.get("ri:content-title"), attributes.get("ri:content-id")
    if not title and not page_id:
        return None
    return PageAddress(page_id or None, space_key=attributes.get("ri:space-key"), title=title)


def _words_of(element: Element) -> str:
    """Return the text of the link, or the name of the macro that refers to the page."""
    if element.name == "a":
        return collapse(element.text)
    around = next((above for above in element.ancestors() if above.name in _AROUND), None)
    if around is None:
        return ""
    return collapse(around.text) if around.name == "ac:link" and around.text.strip() else macro_name(around) or ""


_AROUND = ("ac:link", "ac:structured-macro", "ac:macro")
