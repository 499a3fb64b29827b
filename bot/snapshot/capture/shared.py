"""Values that the pages of a listing have in common, such as authors and empty lists, once in memory."""

from dataclasses import dataclass, field, replace
from typing import TypeVar

from bot.wiki.gateway import PageParts, PageRef, User

_Value = TypeVar("_Value", str, User, PageParts)


@dataclass
class Shared:
    """The values that occurred in the listings of one space."""

    _texts: dict[str, str] = field(default_factory=dict)
    _people: dict[User, User] = field(default_factory=dict)
    _parts: dict[PageParts, PageParts] = field(default_factory=dict)

    def ref(self, ref: PageRef) -> PageRef:
        """Return an equal value that shares author, parent and space with those before it."""
        author = _once(self._people, ref.version.author)
        version = replace(ref.version, author=author, message=_once(self._texts, ref.version.message))
        parent_id = None if ref.parent_id is None else _once(self._texts, ref.parent_id)
        return replace(ref, version=version, parent_id=parent_id, space_key=_once(self._texts, ref.space_key))

    def parts(self, parts: PageParts) -> PageParts:
        """Return equal parts; those without files and comments are shared."""
        return parts if parts.attachments or parts.comments else _once(self._parts, parts)


def _once(known: dict[_Value, _Value], value: _Value) -> _Value:
    return known.setdefault(value, value)
