"""What becomes of each element, attribute and parameter of real pages: pages with and without it are compared."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator

from bot.convert import InlineComment, PageContext, convert_page
from bot.convert.meaningless import MEANINGLESS_ELEMENTS, is_meaningless_attribute, is_meaningless_parameter
from bot.storage.macros import is_macro
from bot.storage.reader import Element, read_leniently
from tests.shared import shared_dir

Key = tuple[str, str, str]
"""`element`, `attribute` or `parameter`; the element or the macro; the attribute or the parameter."""

Trial = tuple[str, str]
"""Storage format with the thing, and without it or with another value."""

_LONGEST = 8_000
_PROBE = "7"
"""A value that is a number and a word."""


def shared_bodies() -> list[str]:
    """Return the bodies of the shared pages, and those in answers of the REST API, the short ones first."""
    corpus = (path for path in shared_dir("corpus").rglob("*") if path.suffix in (".xhtml", ".xml", ".storage"))
    texts = [path.read_text("utf-8") for path in sorted(corpus)]
    for path in sorted(shared_dir("spec").rglob("*.json")):
        texts += (text for text in _strings(json.loads(path.read_text("utf-8"))) if "<ac:" in text)
    return sorted(dict.fromkeys(texts), key=len)


def take_census(bodies: Iterable[str]) -> dict[Key, str]:
    """Return whether each thing in *bodies* is `said`, a `loss`, `meaningless` or `silent`."""
    found: dict[Key, str] = {}
    tried: Counter[Key] = Counter()
    for body in bodies:
        for element in read_leniently(body, max_depth=200).elements():
            for key in _keys(element):
                if tried[key] < _limit(key, found.get(key)) and (not tried[key] or _is_short(body, element)):
                    tried[key] += 1
                    results = {found.get(key, "silent"), *(_compare(*trial) for trial in _trials(body, element, key))}
                    found[key] = next(each for each in ("said", "loss", "silent") if each in results)
    return {key: "meaningless" if each == "silent" and _is_meaningless(key) else each for key, each in found.items()}


def _limit(key: Key, so_far: str | None) -> int:
    """Return how many occurrences are tried."""
    if so_far == "said":
        return 0
    return 2 if so_far == "loss" or _is_meaningless(key) else 30


def _is_short(body: str, element: Element) -> bool:
    return len(_around(body, element, "")) < _LONGEST or len(body) < _LONGEST


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _strings(each)


def _keys(element: Element) -> Iterator[Key]:
    if any(ancestor.name == "ac:adf-fallback" for ancestor in element.ancestors()):
        return  # a copy for old clients
    yield "element", element.name, ""
    yield from (("attribute", element.name, name) for name, value in element.attributes.items() if value)
    if element.name == "ac:parameter" and (macro := element.parent) is not None and is_macro(macro) and element.nodes:
        yield "parameter", macro.attributes.get("ac:name", "").lower(), element.attributes.get("ac:name", "")


def _trials(body: str, element: Element, key: Key) -> Iterator[Trial]:
    """Yield pieces of *body* with and without a thing: as it is, with another value, and without its siblings."""
    kind, owner, name = key
    span, inner = element.span, element.inner
    given = body[span.start : span.end]
    if kind == "attribute":
        tag = body[span.start : min(span.end, inner.start)]
        rest = given[len(tag) :]
        attribute = re.search(rf"\s{re.escape(name)}\s*=\s*(\"[^\"]*\"|'[^']*')", tag)
        if attribute is None:
            return
        bare = f"<{element.name}{'/>' if tag.endswith('/>') else '>'}"
        yield _around(body, element, given), _around(body, element, tag.replace(attribute[0], "") + rest)
        yield _around(body, element, given), _around(body, element, tag.replace(attribute[1], f'"{_PROBE}"') + rest)
        alone = bare.replace(element.name, element.name + attribute[0])
        yield _around(body, element, alone + rest), _around(body, element, bare + rest)
        return
    yield _around(body, element, given), _around(body, element, "")
    if kind == "element" and (parent := element.parent) is not None and parent.parent is not None:
        tag, end = body[parent.span.start : parent.inner.start], body[parent.inner.end : parent.span.end]
        yield _around(body, parent, tag + given + end), _around(body, parent, tag + end)
    if kind == "parameter":
        tag, end = body[span.start : inner.start], body[inner.end : span.end]
        yield _around(body, element, given), _around(body, element, f"{tag}{_PROBE}{end}")
        macro = f'<ac:structured-macro ac:name="{owner}">'
        yield f"{macro}{given}</ac:structured-macro>", f"{macro}</ac:structured-macro>"


def _around(body: str, element: Element, new: str) -> str:
    """Return the piece of *body* at its top level that has *element*, with *new* in its place."""
    top = [element, *element.ancestors()][-1].span
    return body[top.start : element.span.start] + new + body[element.span.end : top.end]


def _compare(given: str, without: str) -> str:
    first, second = convert_page(given, _context(given)), convert_page(without, _context(given))
    if first.markdown != second.markdown:
        return "said"
    return "loss" if first.losses != second.losses else "silent"


def _context(body: str) -> PageContext:
    """Return a context in which every marked text has a comment."""
    comments = {ref: InlineComment("Ana", "<p>a remark</p>") for ref in re.findall('ac:ref="([^"]*)"', body)}
    return PageContext(comments=comments)


def _is_meaningless(key: Key) -> bool:
    kind, owner, name = key
    if kind == "element" or owner in MEANINGLESS_ELEMENTS:
        return owner in MEANINGLESS_ELEMENTS
    return is_meaningless_attribute(name) if kind == "attribute" else is_meaningless_parameter(owner, name)
