import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from bot.config.data_file import DataFile
from bot.config.schemas import data_schema

CONFIG = Path(__file__).resolve().parents[2] / "config"


def load_as_json(path: Path) -> object:
    """Return the YAML file as the JSON that an editor's language server would check."""
    return json.loads(json.dumps(YAML(typ="safe").load(path), default=str))


def test_the_example_is_valid_for_the_schema_and_for_the_program() -> None:
    path = CONFIG / "example" / "ws2.yaml"

    jsonschema.validate(load_as_json(path), data_schema())
    assert DataFile.load(path).data.news is not None
    assert path.read_text().startswith("# yaml-language-server: $schema=../workspace.schema.json\n")


def test_the_schema_refuses_what_the_program_refuses() -> None:
    for bad in (
        {},
        {"workspace": {"space": "A", "home": "B"}, "newz": {}},
        {"workspace": {"space": "A/B", "home": "B"}},
    ):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(bad, data_schema())
