"""JSON Schemas of the settings file and the data file, for YAML validation in editors."""

import json
from pathlib import Path
from typing import Any

from bot.config.data_file import SCHEMA_NAME
from bot.config.data_model import WorkspaceData
from bot.config.settings import SECRETS, Settings
from bot.files import replace_file

SETTINGS_SCHEMA_NAME = "bot.schema.json"
_DIALECT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}


def data_schema() -> dict[str, Any]:
    """Return the JSON Schema of a data file."""
    return _DIALECT | WorkspaceData.model_json_schema()


def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema of `bot.yaml` without the secrets, because the file must not contain secrets."""
    schema = _DIALECT | Settings.model_json_schema()
    for section, name in SECRETS:
        _properties_of(schema, section).pop(name)
    return schema


def write_schemas(folder: Path) -> None:
    """Write both schemas to *folder*; the first line of `bot.yaml` and of each data file refers to its schema."""
    for name, schema in ((SCHEMA_NAME, data_schema()), (SETTINGS_SCHEMA_NAME, settings_schema())):
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        replace_file(folder / name, text.encode())


def _properties_of(schema: dict[str, Any], section: str) -> dict[str, Any]:
    reference: str = schema["properties"][section]["$ref"]
    properties: dict[str, Any] = schema["$defs"][reference.removeprefix("#/$defs/")]["properties"]
    return properties
