"""The settings in force, key by key: the value, and where it comes from; secrets are not shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from pydantic import BaseModel, SecretStr

from bot.config.settings import Settings
from bot.config.yaml_source import Location

DEFAULT = "default"
_SECRET = "set (not shown)"  # noqa: S105 -- what is shown in place of a secret


@dataclass(frozen=True, slots=True)
class EffectiveSetting:
    """One key: its value as text, and its origin: `FILE:LINE`, an environment variable, or `default`."""

    key: str
    value: str
    origin: str

    @property
    def is_default(self) -> bool:
        """Whether nobody set the key."""
        return self.origin == DEFAULT


def list_settings(settings: Settings) -> list[EffectiveSetting]:
    """Return all keys in the order of the reference."""
    return list(_walk(settings, settings, ()))


def _walk(settings: Settings, model: BaseModel, above: Location) -> Iterator[EffectiveSetting]:
    for name in type(model).model_fields:
        value, location = getattr(model, name), (*above, name)
        yield from _rows(settings, value, location, is_set=name in model.model_fields_set)


def _rows(settings: Settings, value: object, location: Location, *, is_set: bool) -> Iterator[EffectiveSetting]:
    if isinstance(value, BaseModel):
        yield from _walk(settings, value, location)
    elif isinstance(value, tuple) and value and all(isinstance(each, BaseModel) for each in value):
        for index, each in enumerate(value):
            yield from _rows(settings, each, (*location, index), is_set=is_set)
    elif isinstance(value, dict) and value and all(isinstance(each, BaseModel) for each in value.values()):
        for key, each in value.items():
            yield from _rows(settings, each, (*location, key), is_set=is_set)
    else:
        origin = settings.locate(location[:-1], location[-1:]) if is_set else DEFAULT
        yield EffectiveSetting(_key(location), _text(value), origin)


def _key(location: Location) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).removeprefix(".")


def _text(value: object) -> str:
    match value:
        case None:
            return "not set"
        case SecretStr():
            return _SECRET
        case bool():
            return "true" if value else "false"
        case Enum():
            return str(value.value)
        case dict():
            return ", ".join(f"{key}: {_text(each)}" for key, each in value.items()) or "none"
        case tuple() | list() | set() | frozenset():
            return ", ".join(map(_text, value)) or "none"
        case _:
            return str(value)
