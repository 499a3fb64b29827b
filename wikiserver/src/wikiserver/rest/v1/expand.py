"""The `expand` parameter of v1: a tree of names, and the `_expandable` links of omitted parts."""

from collections.abc import Iterable, Mapping
from typing import Self

from flask import request


class Expand:
    """The requested parts of an answer. `body.storage` requests `body` and, in it, `storage`."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self._children: dict[str, Expand] = {}
        for path in paths:
            head, _, rest = path.strip().partition(".")
            if head:
                child = self._children.setdefault(head, Expand())
                if rest:
                    child.add(rest)

    @classmethod
    def of_request(cls, default: str = "") -> Self:
        """Return the expansions of the current request, or *default*."""
        given = request.args.getlist("expand")
        return cls(",".join(given).split(",") if given else default.split(","))

    def add(self, path: str) -> None:
        """Add one path."""
        head, _, rest = path.partition(".")
        child = self._children.setdefault(head, Expand())
        if rest:
            child.add(rest)

    def __contains__(self, name: str) -> bool:
        """Return whether *name* is expanded."""
        return name in self._children

    def __bool__(self) -> bool:
        """Return whether anything is expanded."""
        return bool(self._children)

    def __getitem__(self, name: str) -> "Expand":
        """Return the expansions inside *name*."""
        return self._children.get(name, Expand())

    def split(self, links: Mapping[str, str]) -> dict[str, str]:
        """Return the `_expandable` object: the *links* of the names that were not requested."""
        return {name: link for name, link in links.items() if name not in self}
