"""A request that a dialect wants sent: plain data, so that dialects stay free of any network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

Params = Mapping[str, str | int | Sequence[str]]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request: *path* relative to the base address, and what it is about, for error messages.

    *page_id* or *space_key* makes a 404 mean that page or space; *base_version* makes a 409 mean that the page moved on
    from there.
    """

    path: str
    about: str
    params: Params = field(default_factory=dict)
    payload: Any = None
    page_id: str | None = None
    space_key: str | None = None
    base_version: int | None = None

    @property
    def address(self) -> str:
        """The path with its query; lists repeat their name."""
        query = urlencode(self.params, doseq=True, safe=",")
        return f"{self.path}?{query}" if query else self.path


def escape_part(text: str) -> str:
    """Escape one part of a path."""
    return quote(text, safe="")
