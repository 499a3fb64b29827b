"""Read macros (name, parameters, bodies), content elements, and headings."""

import json
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bot.storage.reader import Document, Element

HEADINGS = {f"h{level}": level for level in range(1, 7)}
MACRO_ELEMENTS = ("ac:structured-macro", "ac:macro")
_PARAMETERS = ("ac:parameter", "ac:default-parameter")
MACRO_PARTS = frozenset({*_PARAMETERS, "ac:rich-text-body", "ac:plain-text-body"})
_RESOURCE_NAMES = ("value", "filename", "content-title", "space-key", "username", "userkey", "account-id")
_ENCODED = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_NOT_CONTENT = {"ac:adf-fallback", "ac:placeholder"}


def is_macro(element: Element) -> bool:
    """Return whether *element* is a macro."""
    return element.name in MACRO_ELEMENTS


def macro_name(element: Element) -> str | None:
    """Return the macro's name, or None if *element* is not a macro."""
    return element.attributes.get("ac:name") if is_macro(element) else None


def find_parameter(macro: Element, name: str) -> str | None:
    """Return the text of a macro parameter; the unnamed parameter has the name ''."""
    for child in macro.children:
        if child.name == "ac:parameter" and child.attributes.get("ac:name", "") == name:
            return child.text.strip()
        if child.name == "ac:default-parameter" and not name:
            return child.text.strip()
    return None


def find_rich_text_body(macro: Element) -> Element | None:
    """Return the rich-text body of a macro; None if there is none."""
    return next((child for child in macro.children if child.name == "ac:rich-text-body"), None)


def iter_content(tree: Document) -> Iterator[Element]:
    """Yield the elements that are content: no fallback copies for old clients, no editor placeholders."""
    skipped_to = 0
    for element in tree.elements():
        if element.name in _NOT_CONTENT:
            skipped_to = max(skipped_to, element.span.end)
        if element.span.start >= skipped_to:
            yield element


def collapse(text: str) -> str:
    """Return *text* with each run of white space, non-breaking spaces included, replaced by one space."""
    return " ".join(text.split())


@dataclass(frozen=True, slots=True)
class Macro:
    """One macro; `parameters` has the texts, `parameter_elements` the elements, which may contain `ri:` resources."""

    name: str
    parameters: dict[str, str]
    parameter_elements: dict[str, Element]
    rich_bodies: tuple[Element, ...]
    plain_body: str | None
    element: Element
    _read: set[str] = field(default_factory=set, compare=False, repr=False)

    @property
    def key(self) -> str:
        """The key of the macro in handler tables."""
        return self.name.lower()

    def get(self, *names: str) -> str:
        """Return the first non-empty value of the parameters *names*."""
        self._read.update(names)
        return next((self.parameters[name] for name in names if self.parameters.get(name)), "")

    def read_all(self) -> dict[str, str]:
        """Return all parameters."""
        self._read.update(self.parameters)
        return self.parameters

    @property
    def unread(self) -> dict[str, str]:
        """The non-empty parameters that no handler has read."""
        return {name: value for name, value in self.parameters.items() if value and name not in self._read}

    @property
    def identity(self) -> str:
        """What distinguishes this macro from the others of its page: name and parameters, in NFC as in records."""
        return unicodedata.normalize("NFC", f"{self.name}: {describe(self.parameters)}")

    def resources(self, *kinds: str) -> Iterator[Element]:
        """Yield the `ri:` elements of *kinds* in any parameter."""
        for name, parameter in self.parameter_elements.items():
            for found in parameter.elements(*kinds):
                self._read.add(name)
                yield found

    def resource(self, *kinds: str) -> Element | None:
        """Return the first `ri:` element of *kinds* in any parameter."""
        return next(self.resources(*kinds), None)


def read_macro(element: Element) -> Macro:
    """Parse an `ac:structured-macro` or a legacy `ac:macro`."""
    parameters: dict[str, str] = {}
    parameter_elements: dict[str, Element] = {}
    bodies: list[Element] = []
    texts: list[str] = []
    for child in element.children:
        if child.name in _PARAMETERS:
            name = child.attributes.get("ac:name", "")
            parameters[name] = " ".join(child.text.split()) or ", ".join(_named_resources(child))
            parameter_elements[name] = child
        elif child.name == "ac:rich-text-body":
            bodies.append(child)
        elif child.name == "ac:plain-text-body":
            texts.append(child.text)
    # Some tools write several bodies; keep all of them.
    return Macro(
        name=element.attributes.get("ac:name", ""),
        parameters=parameters,
        parameter_elements=parameter_elements,
        rich_bodies=tuple(bodies),
        plain_body="".join(texts) if texts else None,
        element=element,
    )


def describe(parameters: dict[str, str]) -> str:
    """Return the parameters as readable text."""
    return ", ".join(f"{name or 'value'}: {value}" for name, value in parameters.items() if value)


def decoded(value: str) -> str:
    """Return a parameter value with its URL encoding removed; some macros store values URL-encoded."""
    if not _ENCODED.search(value) or " " in value or "://" in value:
        return value
    try:
        text = _ENCODED.sub(_unquoted, value)
    except UnicodeDecodeError:
        return value
    return text if text.isprintable() or "\n" in text else value


def _unquoted(run: re.Match[str]) -> str:
    """Return the characters of a run of URL encoding; `unquote` needs 17 times the memory of a long value."""
    return bytes.fromhex(run[0].replace("%", "")).decode()


def find_json(value: str) -> Any:
    """Return the decoded JSON value of a parameter, or None if the parameter is not JSON."""
    text = decoded(decoded(value)).strip()
    if text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _named_resources(parameter: Element) -> Iterator[str]:
    """Yield the names in the `ri:` elements of a parameter."""
    for element in parameter.elements():
        named = (element.attributes.get(f"ri:{name}") for name in _RESOURCE_NAMES)
        found = next(filter(None, named), None)
        if found and not (element.parent is not None and element.parent.name.startswith("ri:")):
            yield found
