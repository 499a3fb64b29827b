"""The generated reference is complete and current, and its examples are accepted by the program."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import jsonschema
import pytest
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from bot.config.data_model import WorkspaceData
from bot.config.schemas import data_schema, settings_schema
from bot.config.settings import SECRETS, Settings
from script.reference import ROOT, iter_keys, pages

MODELS = (Settings, WorkspaceData)


def models_within(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from models_within(argument)


def all_models() -> list[type[BaseModel]]:
    found: list[type[BaseModel]] = list(MODELS)
    for model in found:
        for field in model.model_fields.values():
            found += [inner for inner in models_within(field.annotation) if inner not in found]
    return found


FIELDS = [(f"{model.__name__}.{name}", field) for model in all_models() for name, field in model.model_fields.items()]
each_field = pytest.mark.parametrize("field", [field for _, field in FIELDS], ids=[name for name, _ in FIELDS])


def test_each_generated_page_is_what_the_code_says() -> None:
    outdated = [path for path, text in pages().items() if (ROOT / path).read_text(encoding="utf-8") != text]

    assert not outdated, "run script/reference"


@pytest.mark.parametrize(
    ("name", "schema"), [("bot.schema.json", settings_schema()), ("workspace.schema.json", data_schema())]
)
def test_a_schema_is_what_the_models_say(name: str, schema: dict[str, Any]) -> None:
    (kept,) = [path for path in ROOT.glob(f"*/{name}") if path.parent.name not in {"demo-run", "build"}]

    assert json.loads(kept.read_text(encoding="utf-8")) == schema, "run script/reference"


@each_field
def test_every_key_is_described_in_a_sentence(field: FieldInfo) -> None:
    assert field.description
    assert not field.description[0].islower()
    assert field.description.endswith(".")


@each_field
def test_every_key_has_an_example_that_the_program_accepts(field: FieldInfo) -> None:
    if "SecretStr" in str(field.annotation):
        return  # an example of a secret would be a secret in a file

    assert field.examples
    kind: Any = field.annotation
    adapter: TypeAdapter[Any] = TypeAdapter(Annotated[(kind, *field.metadata)] if field.metadata else kind)
    for example in field.examples:
        adapter.validate_python(example)
        assert example != field.default, "an example shows a value other than the default"


def test_the_reference_has_every_key() -> None:
    for model, path in ((Settings, "docs/reference/settings.md"), (WorkspaceData, "docs/reference/data-file.md")):
        text = (ROOT / path).read_text(encoding="utf-8")
        names = {key.path[-1] for key in iter_keys(model.model_json_schema())}
        fields = {
            name for inner in all_models() if inner is model or is_inside(inner, model) for name in inner.model_fields
        }

        assert fields <= names
        assert [name for name in fields if f"{name}`\n" not in text] == []


def is_inside(inner: type[BaseModel], outer: type[BaseModel]) -> bool:
    return inner.__name__ in outer.model_json_schema()["$defs"]


def test_the_schema_of_the_settings_refuses_secrets_and_unknown_keys() -> None:
    jsonschema.validate({"wiki": {"url": "https://wiki.example.org"}}, settings_schema())

    for *sections, name in SECRETS:
        settings: dict[str, Any] = {name: "x"}
        for section in reversed(sections):
            settings = {section: settings}
        with pytest.raises(jsonschema.ValidationError, match=name):
            jsonschema.validate(settings, settings_schema())
    with pytest.raises(jsonschema.ValidationError, match="urll"):
        jsonschema.validate({"wiki": {"urll": "x"}}, settings_schema())


def test_the_schema_of_the_settings_accepts_what_the_program_accepts() -> None:
    lenient = {
        "workspaces": [
            {"name": "a", "data": "a.yaml", "archived": {"labels": "old", "under": [131080]}, "regions": {"news": {}}}
        ],
        "jobs": [{"run": "sync", "every": "hour"}],
    }

    Settings.model_validate(lenient)
    jsonschema.validate(lenient, settings_schema())
