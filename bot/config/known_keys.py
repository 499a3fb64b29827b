"""The known keys of a model at a location in a file, to suggest a correction for an unknown key."""

import difflib
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

_ANY_NAME = "NAME"
"""Stands for each key of a mapping."""


def explain_unknown_key(model: type[BaseModel], location: tuple[str | int, ...]) -> str:
    """Return a message for the unknown key at *location*, with the key that was probably meant."""
    schema = model.model_json_schema()
    name = str(location[-1])
    siblings = _keys_at(schema, location[:-1])
    near = difflib.get_close_matches(name, siblings, n=1, cutoff=0.6)
    if near:
        return f"is not a known key; did you mean `{near[0]}`?"
    found = [path for path in _paths(schema, schema) if path.rpartition(".")[2] == name]
    elsewhere = [path for path in found if f"{_ANY_NAME}." not in path] or found
    if len(elsewhere) == 1:
        return f"is not a known key here; `{elsewhere[0]}` is one, so check the indentation"
    return f"is not a known key; known here: {', '.join(siblings)}"


def _keys_at(schema: dict[str, Any], location: tuple[str | int, ...]) -> list[str]:
    nodes = _alternatives(schema, schema)
    for step in location:
        nodes = [child for node in nodes for child in _children(schema, node, step)]
    return [name for node in nodes for name in node.get("properties", ())]


def _children(schema: dict[str, Any], node: dict[str, Any], step: str | int) -> list[dict[str, Any]]:
    children = [node["items"]] if isinstance(step, int) and "items" in node else []
    if isinstance(step, str):
        named = node.get("properties", {}).get(step, node.get("additionalProperties"))
        children = [named] if isinstance(named, dict) else []
    return [each for child in children for each in _alternatives(schema, child)]


def _alternatives(schema: dict[str, Any], node: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the alternatives of *node*, with references resolved; *node* itself if it has none."""
    if "$ref" in node:
        return _alternatives(schema, schema["$defs"][node["$ref"].removeprefix("#/$defs/")])
    shapes = [*node.get("anyOf", ()), *node.get("allOf", ())]
    return [each for shape in shapes for each in _alternatives(schema, shape)] or [node]


def _paths(schema: dict[str, Any], node: dict[str, Any], before: str = "", depth: int = 0) -> Iterator[str]:
    """Yield every key as a dotted path, to a limited depth because models can be recursive."""
    if depth > 4:
        return
    for each in _alternatives(schema, node):
        for name, child in each.get("properties", {}).items():
            yield f"{before}{name}"
            yield from _paths(schema, child, f"{before}{name}.", depth + 1)
        for child, step in ((each.get("items"), ""), (each.get("additionalProperties"), f"{_ANY_NAME}.")):
            if isinstance(child, dict):
                yield from _paths(schema, child, f"{before}{step}", depth + 1)
