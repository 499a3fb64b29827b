"""Build the query on content from the parameters of a listing, for both versions of the API."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from flask import request

from wikiserver.rights import visibility, visible_spaces
from wikiserver.site import get_store
from wikiserver.store import Label, NotFoundError, Selection, Space


@dataclass(slots=True)
class ContentQuery:
    """SQL conditions on the table `content`, each with its parameters."""

    conditions: list[str] = field(default_factory=list)
    parameters: list[object] = field(default_factory=list)

    def where(self, condition: str, *parameters: object) -> Self:
        """Add a condition."""
        self.conditions.append(condition)
        self.parameters += parameters
        return self

    def where_in(self, column: str, values: Sequence[object]) -> Self:
        """Add the condition that a column has one of some values."""
        return self.where(f"{column} IN ({','.join('?' * len(values))})", *values)

    def where_title(self) -> Self:
        """Add the condition on the requested title, if any."""
        title = request.args.get("title")
        return self.where("content.title_key = ?", title.casefold()) if title else self

    def where_label(self, label: Label) -> Self:
        """Add the condition that the content has a label."""
        return self.where("content.id IN (SELECT content_id FROM content_labels WHERE label_id = ?)", label.id)

    def visible(self, *, limit: int, offset: int = 0) -> Selection:
        """Return the selection of the content that meets the conditions and that the caller may see."""
        conditions, parameters = visibility()
        return Selection((*self.conditions, *conditions), (*self.parameters, *parameters), limit=limit, offset=offset)


def labels_in(space: Space) -> list[Label]:
    """Return the labels of the content of a space that the caller may see."""
    return get_store().labels.used(ContentQuery().where("content.space_id = ?", space.id).visible(limit=-1))


def all_labels() -> list[Label]:
    """Return the labels of all content and spaces that the caller may see, by id."""
    found = get_store().labels.used(ContentQuery().visible(limit=-1))
    found += [label for space in visible_spaces() for label in get_store().labels.of_space(space.id)]
    return sorted(set(found), key=lambda label: label.id)


def check_label(label: Label | None, message: str) -> Label:
    """Return *label* if some content that the caller may see has it, or some space; otherwise it is not found."""
    if label is not None and get_store().labels.used(ContentQuery().where_label(label).visible(limit=-1)):
        return label
    if label is None or label not in all_labels():
        raise NotFoundError(message)
    return label


def index_hint() -> str:
    """Return the prefix of the columns other than the title.

    With a title, the search starts at the title index; a plus sign prevents SQLite from using the other indexes.
    """
    return "+" if request.args.get("title") else ""
