"""Every request that the dialects make is in Atlassian's own documents, with every parameter."""

import json
import re
from functools import cache
from typing import Any

import pytest

from bot.wiki.dialect import Dialect
from tests.shared import shared_dir
from tests.wiki.every_call import CLOUD, DATA_CENTER, iter_calls

DOCUMENTS = {
    "cloud": ("cloud-v2.2026-09.openapi.json", "cloud-v1.2026-09.swagger.v3.json"),
    "datacenter": ("dc-10.0.3.swagger.v3.json",),
}
PREFIXES = {"cloud-v2.2026-09.openapi.json": "/api/v2", "cloud-v1.2026-09.swagger.v3.json": ""}


def _resolved(document: dict[str, Any], operations: dict[str, Any]) -> dict[str, Any]:
    """Put the parameters that the document names by reference where they belong."""
    shared = operations.get("parameters", [])
    resolved = {}
    for verb in {"get", "put", "post"} & set(operations):
        parameters = [*shared, *operations[verb].get("parameters", [])]
        resolved[verb] = {
            "parameters": [
                document["components"]["parameters"][one["$ref"].rpartition("/")[2]] if "$ref" in one else one
                for one in parameters
            ]
        }
    return resolved


@cache
def documented(flavour: str) -> list[tuple[re.Pattern[str], dict[str, Any]]]:
    found = []
    for name in DOCUMENTS[flavour]:
        document = json.loads((shared_dir("spec") / name).read_text())
        for path, operations in document["paths"].items():
            full = PREFIXES.get(name, "") + path.removeprefix("/wiki")
            found.append((re.compile(re.sub(r"\{[^}]*\}", "[^/]+", full)), _resolved(document, operations)))
    return found


@pytest.mark.parametrize("dialect", [CLOUD, DATA_CENTER], ids=["cloud", "datacenter"])
def test_every_request_is_documented_with_its_parameters(dialect: Dialect) -> None:
    for call in iter_calls(dialect):
        if call.path.endswith("/version"):
            continue  # Data Center documents none; its answers link to one
        verb = call.method.lower()
        fitting = [
            operations[verb]
            for pattern, operations in documented(dialect.flavour.value)
            if pattern.fullmatch(call.path) and verb in operations
        ]

        assert fitting, f"{verb} {call.path} is in no document"
        known = {parameter["name"]: parameter for one in fitting for parameter in one.get("parameters", [])}
        assert set(call.params) <= set(known), f"{verb} {call.path}"
        for name, value in call.params.items():
            schema = known[name].get("schema", {})
            allowed = schema.get("enum") or schema.get("items", {}).get("enum")
            if allowed and name != "expand":  # v1 passes over what it cannot expand; our readers do not
                assert set(value if isinstance(value, list) else [value]) <= set(allowed), f"{call.path} {name}"
            if isinstance(value, int) and "maximum" in schema:
                assert value <= schema["maximum"], f"{call.path} {name}"
