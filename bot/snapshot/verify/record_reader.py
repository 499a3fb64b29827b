"""Read the newest record of each page while the payload is hashed, so that each file is read once."""

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import Any, NamedTuple

from pydantic_core import from_json

_COPIED = ("ancestors", "page_id", "position", "space_key", "status", "title", "url")
_copy = itemgetter(*_COPIED)


class ReadRecord(NamedTuple):
    """What a record says; the values can be of any type."""

    shown: dict[str, Any]
    """The fields of `Shown` except the path."""
    path: Any
    """The path of the rendition, which can be null."""
    body: tuple[Any, Any, str]
    """Path, SHA-256 and version of the body."""
    files: dict[str, Any]
    """Path → SHA-256 of each attachment that was downloaded."""


@dataclass
class RecordReader:
    """What the newest records of one bag say; *wanted* has their paths in the folder."""

    wanted: frozenset[str] = frozenset()
    _found: dict[str, ReadRecord | None] = field(default_factory=dict)

    def reader(self, path: str) -> Callable[[bytes], None] | None:
        """Return what takes the content of the file at *path*; None if the file is not one of the records."""
        return partial(self._take, path) if path in self.wanted else None

    def find(self, path: str, read: Callable[[str], bytes]) -> ReadRecord | None:
        """Return what a record says; None if it is not a record. *read* reads a record that was not hashed."""
        if path not in self._found:
            self._take(path, read(path))
        return self._found.pop(path)

    def _take(self, path: str, content: bytes) -> None:
        self._found[path] = _parse(content)


def _parse(content: bytes) -> ReadRecord | None:
    try:
        record = load_json(content)
        shown = dict(zip(_COPIED, _copy(record), strict=True))
        version = record["version"]
        shown["version_when"] = version["when"]
        if isinstance(record.get("salt"), str):
            shown["salt"] = record["salt"]
        attached, number = record.get("attachments", []), version["number"]
        files = {file["path"]: file["sha256"] for file in attached if file["path"] is not None}
        if type(attached) is not list or type(number) is not int:
            return None
        body = (record["source_path"], record["source_sha256"], str(number))
        return ReadRecord(shown, record.get("path"), body, files)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def load_json(content: bytes) -> Any:
    """Return the JSON value as `json.loads` does, in half the time; raises `ValueError` and `RecursionError`."""
    with suppress(ValueError):  # what only the standard library reads: lone surrogates and deep nesting
        return from_json(content, cache_strings="keys")
    return json.loads(content.decode())
