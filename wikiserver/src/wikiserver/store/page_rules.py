"""The rules for all changes to a page."""

from typing import Final

from wikiserver.store.contents import Contents
from wikiserver.store.database import Database
from wikiserver.store.errors import InvalidError, NotEditableError, NotFoundError, TitleTakenError
from wikiserver.store.hierarchy import IN_TREE
from wikiserver.store.values import Content

MAX_TITLE_LENGTH: Final = 255
LIVE: Final = ("current", "archived")


class PageRules:
    """Each rule raises the error to answer with; callers run the rule and the change in one transaction."""

    def __init__(self, database: Database, contents: Contents) -> None:
        self._database, self._contents = database, contents

    def check_editable(self, content: Content, status: str | None) -> None:
        """Refuse a save of an archived page, or of a trashed page that is not restored."""
        if content.status == "archived":
            raise NotEditableError(f"Content {content.id} is archived: it cannot be edited")
        if content.status == "trashed" and status != "current":
            raise NotEditableError(f"Content {content.id} is in the trash: it cannot be edited")

    def check_parent(self, space_id: int, parent_id: int) -> None:
        """Refuse a parent that does not exist or is in another space."""
        parent = self._contents.find(parent_id)
        if parent is None or parent.type not in IN_TREE or parent.status == "trashed":
            raise NotFoundError(f"No parent page with id: {parent_id}")
        if parent.space_id != space_id:
            raise InvalidError("The parent page is in another space")

    def check_title(self, space_id: int, title: str, *, kind: str, status: str, but: int = -1) -> None:
        """Refuse a title that is empty, too long, or used by another page of the space.

        A page in the trash keeps its title (observed). *but* is the page itself.
        """
        if not title.strip():
            raise InvalidError("Title can't be blank")
        if len(title) > MAX_TITLE_LENGTH:
            raise InvalidError(f"Title cannot be longer than {MAX_TITLE_LENGTH} characters")
        if status not in LIVE or kind != "page":
            return
        twin = self._database.row(
            "SELECT id FROM content WHERE title_key = ? AND space_id = ? AND type = ? AND id != ?"
            " AND status IN (?, ?, 'trashed')",
            (title.strip().casefold(), space_id, kind, but, *LIVE),
        )
        if twin is not None:
            raise TitleTakenError(title)
