"""JSON Schemas of the settings file and the data file, for YAML validation in editors."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bot.config.data_file import SCHEMA_NAME
from bot.config.data_model import WorkspaceData
from bot.config.settings import ANY_NAME, SECRETS, Settings
from bot.files import replace_file
from bot.log import logger

SETTINGS_SCHEMA_NAME = "bot.schema.json"
_DIALECT = {"$schema": "https://json-schema.org/draft/2020-12/schema"}


def data_schema() -> dict[str, Any]:
    """Return the JSON Schema of a data file."""
    return _DIALECT | WorkspaceData.model_json_schema()


def settings_schema() -> dict[str, Any]:
    """Return the JSON Schema of `bot.yaml` without the secrets, because the file must not contain secrets."""
    schema = _DIALECT | Settings.model_json_schema()
    for *sections, name in SECRETS:
        _properties_of(schema, sections).pop(name, None)  # sections with the same model share their definition
    return schema


def write_schemas(folder: Path) -> None:
    """Write both schemas to *folder*; the first line of `bot.yaml` and of each data file refers to its schema."""
    for name, schema in ((SCHEMA_NAME, data_schema()), (SETTINGS_SCHEMA_NAME, settings_schema())):
        text = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        replace_file(folder / name, text.encode())


def add_schemas(folder: Path) -> None:
    """Write the schemas to *folder* if they are missing. Only editors need them: a full disk is only a warning."""
    if (folder / SCHEMA_NAME).exists():
        return
    try:
        write_schemas(folder)
    except OSError as error:
        logger.warning("{}: the schemas for editors cannot be written: {}", folder, error.strerror)


def _properties_of(schema: dict[str, Any], sections: Sequence[str]) -> dict[str, Any]:
    """Return the properties of the section that is reached through *sections*, one inside the other."""
    properties: dict[str, Any] = schema["properties"]
    node: dict[str, Any] = schema
    for section in sections:
        node = node["additionalProperties"] if section == ANY_NAME else properties[section]
        references = [each["$ref"] for each in (node, *node.get("anyOf", ())) if "$ref" in each]
        if references:
            properties = schema["$defs"][references[0].removeprefix("#/$defs/")]["properties"]
    return properties
