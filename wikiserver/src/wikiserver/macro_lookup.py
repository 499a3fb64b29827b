"""Find one macro in a body by its id."""

from dataclasses import dataclass

from wikiserver.storage_tree import BadBody, Element, parse, serialise
from wikiserver.store import NotFoundError


@dataclass(frozen=True, slots=True)
class Macro:
    """A macro of a page."""

    name: str
    parameters: dict[str, dict[str, str]]
    body: str


def find_macro(body: str, macro_id: str) -> Macro:
    """Return the macro with this id; raises NotFoundError if the body has no such macro."""
    try:
        root = parse(body)
    except BadBody as error:
        raise NotFoundError(f"No macro with id: {macro_id}") from error
    for element in root.walk():
        if element.macro_name and macro_id in {element.get("ac:macro-id"), element.get("ac:local-id")}:
            return _macro(element)
    raise NotFoundError(f"No macro with id: {macro_id}")


def _macro(element: Element) -> Macro:
    parameters = {one.get("ac:name"): {"value": one.text} for one in element.elements("ac:parameter")}
    rich, plain = element.find("ac:rich-text-body"), element.find("ac:plain-text-body")
    body = serialise(rich.children) if rich is not None else plain.text if plain is not None else ""
    return Macro(element.macro_name, parameters, body)
