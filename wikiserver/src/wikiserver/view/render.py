"""Render storage format as HTML: the walk over a body, and the tables of elements and macros."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias
from urllib.parse import urlsplit

from wikiserver.storage_tree import CData, Element, Node, Text, Verbatim, parse
from wikiserver.view import html

if TYPE_CHECKING:
    from wikiserver.view.context import ViewContext

Representation: TypeAlias = Literal["view", "export_view", "styled_view", "page"]
"""The views of the REST API, and `page` for browsers (captions, tables of contents, collapsible content)."""

Handler: TypeAlias = Callable[["Rendering", Element], str]

ELEMENTS: dict[str, Handler] = {}
MACROS: dict[str, Handler] = {}

MAX_INCLUDES = 50
"""Maximum number of bodies that one page can include, to limit pages that include each other."""


def element(*names: str) -> Callable[[Handler], Handler]:
    """Register the renderer of elements with these names."""
    return _registered(ELEMENTS, names)


def macro(*names: str) -> Callable[[Handler], Handler]:
    """Register the renderer of macros with these names; the nameless one is for unknown macros."""
    return _registered(MACROS, names)


def _registered(table: dict[str, Handler], names: Iterable[str]) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        table.update(dict.fromkeys(names, handler))
        return handler

    return register


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading in a table of contents."""

    level: int
    text: str
    id: str


@dataclass
class _Sheet:
    """The state that all bodies in one HTML document share, including included pages."""

    headings: list[Heading] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    deferred: list[Callable[[], str]] = field(default_factory=list)
    included: int = 0


class Rendering:
    """Renders one body."""

    def __init__(
        self, context: ViewContext, representation: Representation, *, parent: Rendering | None = None
    ) -> None:
        self.context = context
        self.representation: Representation = representation
        self._sheet: _Sheet = parent._sheet if parent else _Sheet()  # noqa: SLF001 -- the same class
        self._path: tuple[int, ...] = (*(parent._path if parent else ()), context.page_id)  # noqa: SLF001

    @property
    def is_page(self) -> bool:
        """Return whether the output is for a browser."""
        return self.representation == "page"

    @property
    def is_export(self) -> bool:
        """Return whether the output is for use outside the wiki: absolute addresses, nothing collapsed."""
        return self.representation in {"export_view", "styled_view"}

    @property
    def headings(self) -> list[Heading]:
        """The headings so far; in deferred content, all headings."""
        return self._sheet.headings

    def document(self, body: str) -> str:
        """Render a whole body, including deferred content such as tables of contents."""
        return self.complete(self.children(parse(body)))

    def complete(self, rendered: str) -> str:
        """Insert the deferred content; XML does not allow NUL, so no body can forge a placeholder."""
        return re.sub("\x00(\\d+)\x00", lambda mark: self.complete(self._sheet.deferred[int(mark[1])]()), rendered)

    def children(self, parent: Element) -> str:
        """Render the content of *parent*."""
        return self.nodes(parent.children)

    def nodes(self, nodes: Iterable[Node]) -> str:
        """Render *nodes* in order."""
        return "".join(self._pieces(nodes))

    def _pieces(self, nodes: Iterable[Node]) -> Iterator[str]:
        for node in nodes:
            match node:
                case Text() | CData():
                    yield html.text(node.value)
                case Element():
                    handler = ELEMENTS.get(node.name)
                    yield handler(self, node) if handler else self.children(node)
                case Verbatim():
                    pass

    def macro(self, node: Element) -> str:
        """Render a macro; an unknown one shows its name and its text."""
        return MACROS.get(node.macro_name.lower(), MACROS[""])(self, node)

    def macro_attributes(
        self,
        node: Element,
        css: str,
        *,
        inline: bool = False,
        style: str | None = None,
        extra: html.Attributes | None = None,
    ) -> dict[str, str | int | None]:
        """Return the attributes of a rendered macro: exporters find macros by them in views; exports have none."""
        if self.is_export:
            return {"class": css or None, "style": style, **(extra or {})}
        has_body = any(True for _ in node.elements("ac:rich-text-body", "ac:plain-text-body"))
        return {
            "class": f"{css} conf-macro output-{'inline' if inline else 'block'}".strip(),
            "data-hasbody": "true" if has_body else "false",
            "data-layout": node.attributes.get("data-layout"),
            "data-local-id": node.attributes.get("ac:local-id"),
            "data-macro-id": node.attributes.get("ac:macro-id"),
            "data-macro-name": node.macro_name,
            "style": style,
            **(extra or {}),
        }

    def macro_body(self, node: Element) -> str:
        """Render the rich-text body of a macro."""
        body = node.find("ac:rich-text-body")
        return self.children(body) if body else ""

    def defer(self, render: Callable[[], str]) -> str:
        """Return a placeholder that is replaced by the result of *render* after the whole page was rendered."""
        self._sheet.deferred.append(render)
        return f"\x00{len(self._sheet.deferred) - 1}\x00"

    def include(
        self, page_id: int, body: str, context: ViewContext, *, part: Callable[[Element], list[Node]]
    ) -> str | None:
        """Render a *part* of another page's body; None for a recursive inclusion or above the limits."""
        if page_id in self._path or self._sheet.included >= MAX_INCLUDES:
            return None
        self._sheet.included += 1
        try:
            return Rendering(context, self.representation, parent=self).nodes(part(parse(body)))
        except RecursionError:  # each page may nest MAX_DEPTH levels
            return None

    def unique_id(self, wanted: str) -> str:
        """Return *wanted*, with a number appended if the id is already used."""
        ids = self._sheet.ids  # each with the last appended number
        if wanted not in ids:
            ids[wanted] = 0
            return wanted
        number = ids[wanted] + 1
        while f"{wanted}.{number}" in ids:
            number += 1
        ids[wanted] = number
        ids[f"{wanted}.{number}"] = 0
        return f"{wanted}.{number}"

    def is_taken(self, identity: str) -> bool:
        """Return whether the output already has this id."""
        return identity in self._sheet.ids

    def anchor_id(self, name: str) -> str:
        """Return the id that the wiki gives to an anchor or heading of this page: `PageTitle-Heading`."""
        wanted = f"{self.context.title}-{name}" if self.context.title else name
        wanted = re.sub(r"\s+", "", wanted)
        return wanted if re.match("[A-Za-z]", wanted) else f"id-{wanted}"

    def url(self, path: str) -> str:
        """Return the address of a *path* of this wiki, absolute in exports."""
        return (self.context.base_url.rstrip("/") if self.is_export else self.context.context_path) + path

    def absolute(self, path: str) -> str:
        """Return the absolute address of a *path* of this wiki; relative in browsers."""
        return self.url(path) if self.is_page else self.context.base_url.rstrip("/") + path

    def is_external(self, address: str) -> bool:
        """Return whether *address* is outside the wiki (also a mail address)."""
        parts = urlsplit(address)
        return bool(parts.scheme) and parts.netloc != urlsplit(self.context.base_url).netloc
