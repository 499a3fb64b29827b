"""Read the newest record of each page while the payload is hashed, so that each file is read once."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple

from pydantic_core import from_json

from bot.snapshot.verify.record_grammar import TAKEN, is_record, usual_record


class ReadRecord(NamedTuple):
    """What a record says; the values have the types of the format."""

    shown: dict[str, Any]
    """The fields of `Shown` except the path."""
    path: str | None
    """The path of the rendition."""
    body: tuple[str, str, str]
    """Path, SHA-256 and version of the body."""
    files: Sequence[tuple[str, str | None]]
    """Path and SHA-256 of each attachment that was downloaded."""


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
        self._found[path] = parse_as_written(content)


def parse_as_written(content: bytes) -> ReadRecord | None:
    """Return what a record says; None unless the content has exactly the form that wikibot writes."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return None
    match = usual_record().fullmatch(text)
    if match is None:
        return _read_any(text) if is_record(text) else None
    above, attached, *texts = match.groups()
    if "\\" in text:
        texts = [None if each is None else json.loads(f'"{each}"') for each in texts]
    return _make_record(
        [] if above == "[]" else from_json(above), [] if attached == "[]" else from_json(attached), texts
    )


def _read_any(text: str) -> ReadRecord:
    """Return what a record in any form of the grammar says."""
    record = {"ancestors": [], "attachments": [], "path": None, "salt": None} | json.loads(text)
    version = record["version"]
    above, attached, *texts = (record[name] for name in TAKEN)
    return _make_record(above, attached, [*texts, str(version["number"]), version["when"]])


def _make_record(above: list[dict[str, str]], attached: list[dict[str, Any]], texts: Sequence[Any]) -> ReadRecord:
    """Return the record with these ancestors, attachments, and the other values of `TAKEN` and of its version."""
    page_id, path, position, salt, source, digest, space, status, title, url, number, when = texts
    shown = {
        "ancestors": above,
        "page_id": page_id,
        "position": position if position is None else int(position),
        "space_key": space,
        "status": status,
        "title": title,
        "url": url,
        "version_when": when,
    }
    if salt is not None:
        shown["salt"] = salt
    files = [(file["path"], file["sha256"]) for file in attached if file["path"] is not None]
    return ReadRecord(shown, path, (source, digest, number), files)
