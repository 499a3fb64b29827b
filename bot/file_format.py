"""Models of persistent files: each file states its format, unknown keys are preserved, newer formats are refused."""

import json
import re
from collections.abc import Iterator
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

_NUMBER = re.compile(r"[1-9][0-9]{0,8}")


class FileFormatError(ValueError):
    """The content does not have the expected format. The message is a predicate: the caller names the file."""


class NewerFormatError(FileFormatError):
    """The file was written by a newer version of wikibot."""


class FileModel(BaseModel):
    """A part of a file on disk.

    The classes are used only for files: no class of the gateway, the converter or the planner is stored. Keys that
    this version does not know are preserved when the file is written again.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="allow",
        defer_build=True,
        json_schema_serialization_defaults_required=True,
    )

    @classmethod
    def taken_from(cls, source: object) -> Self:
        """Return an instance with the values that *source* has under the names of the fields, at every level."""
        return cls.model_validate(source, from_attributes=True)

    def replaced(self, **values: object) -> Self:
        """Return a copy with other values; raises `TypeError` for a name that is not a field."""
        unknown = values.keys() - type(self).model_fields.keys()
        if unknown:
            raise TypeError(f"{type(self).__name__} has no field {', '.join(sorted(unknown))}")
        return self.model_copy(update=values)

    def iter_known(self) -> Iterator[tuple[str, Any]]:
        """Yield name and value of each field, without unknown keys."""
        for name in type(self).model_fields:
            yield name, getattr(self, name)

    def without_unknown(self) -> Self:
        """Return a copy without unknown keys, at every level."""
        copy = self.model_copy(update={name: _known_part(value) for name, value in self.iter_known()})
        (copy.model_extra or {}).clear()
        return copy


class FileDocument(FileModel):
    """A whole file, or one line of a file of lines. A subclass defines `format` with its name and number."""

    KIND: ClassVar[str]
    """The prefix of `format`: `wikibot-record` in `wikibot-record/1`."""
    NUMBER: ClassVar[int] = 1
    """The format number that this version writes, and the highest that it reads."""

    format: str

    @classmethod
    def parse(cls, data: bytes | str) -> Self:
        """Parse the content of a file; raises `FileFormatError`, which states the problem."""
        try:
            content = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise FileFormatError(f"is not JSON: {error}") from error
        cls.check_format(content)
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise FileFormatError(_describe(error)) from error

    @classmethod
    def check_format(cls, content: object) -> None:
        """Raise `FileFormatError` unless *content* states a format that this version reads."""
        stated = content.get("format") if isinstance(content, dict) else None
        kind, _, number = stated.partition("/") if isinstance(stated, str) else ("", "", "")
        if kind != cls.KIND or not _NUMBER.fullmatch(number):
            raise FileFormatError(f"does not state the format {cls.KIND}/{cls.NUMBER}")
        if int(number) > cls.NUMBER:
            raise NewerFormatError(
                f"has the format {stated}, written by a newer wikibot; this version reads {cls.KIND}/{cls.NUMBER} "
                "at most: update wikibot"
            )

    def content(self) -> dict[str, Any]:
        """Return the document as JSON values, including unknown keys."""
        return self.model_dump(mode="json", by_alias=True)


def _known_part(value: object) -> object:
    match value:
        case FileModel():
            return value.without_unknown()
        case tuple():
            return tuple(map(_known_part, value))
        case dict():
            return {key: _known_part(item) for key, item in value.items()}
        case _:
            return value


def _describe(error: ValidationError) -> str:
    first = error.errors()[0]
    where = ".".join(map(str, first["loc"]))
    return f"is damaged at {where}: {first['msg']}" if where else f"is damaged: {first['msg']}"
