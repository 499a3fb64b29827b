"""Name the space and the page of the targets in a text that is converted without knowing its page."""

from html import escape

from bot.splice import Span, splice
from bot.storage.cloud_spelling import attributes_added
from bot.storage.reader import Element, read_strictly


def name_targets(body: str, *, space_key: str, title: str) -> str:
    """Return a copy of *body*, a text of the page *title*; each target names its space, and each file its page.

    Data Center converts a text without a context, and then draws a link without a space as a link to nothing. Raises
    `MalformedBodyError`.
    """
    space = {"ri:space-key": space_key}
    owner = f'<ri:page ri:space-key="{escape(space_key)}" ri:content-title="{escape(title)}" />'
    added: dict[Span, str] = {}
    for element in read_strictly(body).elements("ri:page", "ri:blog-post", "ri:attachment"):
        if element.name != "ri:attachment":
            added |= attributes_added(body, element, space)
        elif not element.children:
            added |= _with_owner(body, element, owner)
    return splice(body, added)


def _with_owner(body: str, file: Element, owner: str) -> dict[Span, str]:
    end = file.inner.start
    if Span(file.span.start, end).of(body).endswith("/>"):
        return {Span(end - len("/>"), end): f">{owner}</{file.name}>"}
    return {Span(end, end): owner}
