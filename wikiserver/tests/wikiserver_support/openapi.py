"""Atlassian's OpenAPI documents as a judge of answers."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENTS = {
    "cloud-v2": "cloud-v2.2026-09.openapi.json",
    "cloud-v1-2026": "cloud-v1.2026-09.swagger.v3.json",
    "cloud-v1-2021": "cloud-v1.2021-11.full-pre-deprecation.swagger.v3.json",
    "dc-10.0.3": "dc-10.0.3.swagger.v3.json",
}
_PREFIXES = {"cloud-v2": "/api/v2", "cloud-v1-2026": "", "cloud-v1-2021": "", "dc-10.0.3": ""}


@dataclass(frozen=True)
class Operation:
    """One operation of one document."""

    document: str
    method: str
    path: str
    responses: dict[str, Any]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Deviation:
    """One place where a document is wrong about the platform, and how we know."""

    document: str
    schema: str
    name: str
    source: str

    def correct(self, raw: dict[str, Any]) -> None:
        """Let the property be null, or move an answer to the status it really comes with."""
        if self.schema.startswith("/"):
            responses = raw["paths"][self.schema]["get"]["responses"]
            wrong, right = self.name.split("→")
            responses[right] = responses.pop(wrong)
            return
        properties = raw["components"]["schemas"][self.schema]["properties"]
        properties[self.name] = {"nullable": True, "allOf": [properties[self.name]]}


_OR_NULL = "its own description says 'or null if there is no parent page', the type leaves it out"
_CLIENT = "its own description says 'or null if there is no parent', the enumeration leaves it out"
_BULK = "SpaceBulk and SpaceSingle answers of live sites give null where nothing was set or asked for"

DEVIATIONS = (
    *(Deviation("cloud-v2", schema, "parentId", _OR_NULL) for schema in ("PageBulk", "PageSingle")),
    *(Deviation("cloud-v2", schema, "parentType", _CLIENT) for schema in ("PageBulk", "PageSingle")),
    *(
        Deviation("cloud-v2", schema, name, _BULK)
        for schema in ("SpaceBulk", "SpaceSingle")
        for name in ("icon", "description", "homepageId")
    ),
    Deviation(
        "dc-10.0.3",
        "/rest/api/content/{id}/child/attachment",
        "201→200",
        "a read creates nothing; every client takes 200 for a list of attachments, and 201 would be the POST's",
    ),
)


class Document:
    """One OpenAPI document, its schemas turned into JSON Schema."""

    def __init__(self, name: str, folder: Path) -> None:
        raw = json.loads((folder / DOCUMENTS[name]).read_text(encoding="utf-8"))
        for deviation in DEVIATIONS:
            if deviation.document == name:
                deviation.correct(raw)
        self.name = name
        self._root = json_schema(raw)
        self._registry: Registry[Any] = Registry().with_resource(
            f"urn:{name}", Resource.from_contents(self._root, default_specification=DRAFT202012)
        )
        self.operations = list(self._read_operations())

    def _read_operations(self) -> Iterator[Operation]:
        for path, item in self._root["paths"].items():
            short = _PREFIXES[self.name] + path.removeprefix("/wiki")
            for method, operation in item.items():
                if method in {"get", "put", "post", "delete"}:
                    yield Operation(self.name, method.upper(), short, operation["responses"])

    def find(self, method: str, path: str) -> Operation | None:
        """The operation that serves a request; one with fewer blanks in its path comes first."""
        found = [one for one in self.operations if one.method == method and _pattern(one.path).fullmatch(path)]
        return min(found, key=lambda one: one.path.count("{")) if found else None

    def problem(self, operation: Operation, status: int, answer: object) -> str | None:
        """What is wrong with an answer by the letter of the document, None where nothing is."""
        response = operation.responses.get(str(status)) or operation.responses.get("default")
        if response is None:
            return f"status {status} is not among {', '.join(operation.responses)}"
        if "$ref" in response:
            response = self._root["components"]["responses"][response["$ref"].rpartition("/")[2]]
        media = response.get("content", {}).get("application/json")
        if media is None or "schema" not in media:
            return None
        validator = Draft202012Validator(_absolute(media["schema"], self.name), registry=self._registry)
        error = best_match(validator.iter_errors(answer))
        return f"{error.json_path}: {error.message[:200]}" if error is not None else None


def json_schema(node: Any) -> Any:
    """OpenAPI 3.0 → JSON Schema: `nullable` becomes a choice, and nothing is next to a `$ref`."""
    if isinstance(node, list):
        return [json_schema(one) for one in node]
    if not isinstance(node, dict):
        return node
    if isinstance(node.get("$ref"), str):
        return {"$ref": node["$ref"]}
    converted = {key: json_schema(value) for key, value in node.items() if key not in {"example", "examples"}}
    if converted.pop("nullable", False) is True:
        return {"anyOf": [converted, {"type": "null"}]}
    return converted


def _absolute(node: Any, name: str) -> Any:
    if isinstance(node, list):
        return [_absolute(one, name) for one in node]
    if isinstance(node, dict):
        return {
            key: f"urn:{name}{value}" if key == "$ref" and isinstance(value, str) else _absolute(value, name)
            for key, value in node.items()
        }
    return node


@cache
def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\{[^}]*\\}", "[^/]+", re.escape(path)))


@cache
def load_document(name: str, folder: Path) -> Document:
    return Document(name, folder)
