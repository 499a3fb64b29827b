"""Read the newest record of each page while the payload is hashed, so that each file is read once."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

_COPIED = ("ancestors", "page_id", "position", "space_key", "status", "title", "url")


@dataclass
class RecordReader:
    """What the newest records of one bag say that the list of pages shows; *wanted* has their paths in the folder."""

    wanted: frozenset[str] = frozenset()
    _found: dict[str, dict[str, Any] | None] = field(default_factory=dict)

    def reader(self, path: str) -> Callable[[bytes], None] | None:
        """Return what takes the content of the file at *path*; None if the file is not one of the records."""
        return partial(self._take, path) if path in self.wanted else None

    def find(self, path: str, read: Callable[[str], bytes]) -> dict[str, Any] | None:
        """Return what a record says; None if it is not a record. *read* reads a record that was not hashed."""
        if path not in self._found:
            self._take(path, read(path))
        return self._found.pop(path)

    def _take(self, path: str, content: bytes) -> None:
        self._found[path] = _parse(content)


def _parse(content: bytes) -> dict[str, Any] | None:
    """Return the fields of `Shown` except the path, and the path that the record states, which can be null."""
    try:
        record = json.loads(content.decode())
        fields = {name: record[name] for name in _COPIED}
        return fields | {"version_when": record["version"]["when"], "stated_path": record.get("path")}
    except (ValueError, KeyError, TypeError):
        return None
