"""The content of the wiki in one SQLite database, in a file or in memory.

May import nothing but `storage_tree`. All other modules read and change the wiki through `Store`.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

from wikiserver.store.attachments import Attachments
from wikiserver.store.comments import Comments
from wikiserver.store.contents import Contents, Selection
from wikiserver.store.database import Database
from wikiserver.store.errors import (
    DraftConflictError,
    DuplicateError,
    ForbiddenError,
    InvalidError,
    NotEditableError,
    NotFoundError,
    StoreError,
    TitleTakenError,
    VersionConflictError,
)
from wikiserver.store.extras import LongTasks, States, Templates, Watches
from wikiserver.store.hierarchy import IN_TREE, NOT_PAGES, Hierarchy
from wikiserver.store.inline_tasks import InlineTasks
from wikiserver.store.labels import Labels
from wikiserver.store.pages import Pages
from wikiserver.store.people import ACCOUNTS, ADMINISTRATORS_GROUP, USERS_GROUP, People
from wikiserver.store.properties import Properties
from wikiserver.store.restrictions import Restrictions
from wikiserver.store.space_permissions import (
    ADMINISTER,
    ALL_IN_SPACE,
    CREATE_SPACE,
    SITE_ID,
    WORDS,
    Grant,
    Operation,
    SpacePermissions,
)
from wikiserver.store.spaces import Spaces
from wikiserver.store.values import (
    Comment,
    Content,
    Draft,
    File,
    Group,
    InlineTask,
    Label,
    LongTask,
    Property,
    Space,
    State,
    Template,
    User,
    Version,
    from_milliseconds,
    to_milliseconds,
)

__all__ = [
    "ACCOUNTS",
    "ADMINISTER",
    "ADMINISTRATORS_GROUP",
    "ALL_IN_SPACE",
    "CREATE_SPACE",
    "IN_TREE",
    "NOT_PAGES",
    "SITE_ID",
    "USERS_GROUP",
    "WORDS",
    "Comment",
    "Content",
    "Draft",
    "DraftConflictError",
    "DuplicateError",
    "File",
    "ForbiddenError",
    "Grant",
    "Group",
    "InlineTask",
    "InvalidError",
    "Label",
    "LongTask",
    "NotEditableError",
    "NotFoundError",
    "Operation",
    "Property",
    "Selection",
    "Space",
    "State",
    "Store",
    "StoreError",
    "Template",
    "TitleTakenError",
    "User",
    "Version",
    "VersionConflictError",
    "from_milliseconds",
    "to_milliseconds",
]


def _now() -> datetime:
    return datetime.now(UTC)


class Store:
    """The whole wiki as one object, with one attribute for each part; thread-safe.

    *normalise* changes a body on save; the server sets it for its flavour. The standard accounts
    always exist.
    """

    def __init__(self, path: Path | None = None, *, clock: Callable[[], datetime] = _now) -> None:
        """Open the wiki in the file *path*, or a new one in memory."""
        self.clock_shift = timedelta()

        def shifted() -> datetime:
            return clock() + self.clock_shift

        self.clock = shifted
        self.normalise: Callable[[str], str] = lambda body: body
        database = self._database = Database(path)

        def normalise(body: str) -> str:
            return self.normalise(body)

        self.people = People(database)
        self.space_permissions = SpacePermissions(database, self.people)
        self.spaces = Spaces(database, self.space_permissions)
        self.contents = Contents(database)
        self.watches = Watches(database)
        self.hierarchy = Hierarchy(database)
        self.inline_tasks = InlineTasks(database, self.contents)
        self.pages = Pages(
            database, self.contents, self.hierarchy, self.inline_tasks, clock=shifted, normalise=normalise
        )
        self.attachments = Attachments(database, self.contents, self.pages)
        self.comments = Comments(database, self.contents, self.pages, clock=shifted, normalise=normalise)
        self.labels = Labels(database)
        self.properties = Properties(database, "content", clock=shifted)
        self.space_properties = Properties(database, "space", clock=shifted)
        self.restrictions = Restrictions(database, self.people)
        self.states = States(database, clock=shifted)
        self.templates = Templates(database)
        self.long_tasks = LongTasks(database, clock=shifted)
        if self.people.find_by_name("admin") is None:
            with self.transaction():
                self.people.add_standard_accounts()
        self._grant_default_permissions()

    def _grant_default_permissions(self) -> None:
        """Give a new wiki, or one from before there were permissions, the permissions of a new site."""
        if self.space_permissions.of(SITE_ID):
            return
        with self.transaction():
            users = self.people.add_group(USERS_GROUP)
            self.space_permissions.grant(SITE_ID, "group", users.id, (CREATE_SPACE,))
            for space in self.spaces.all():
                self.space_permissions.grant_defaults(space.id, space.creator)

    def transaction(self) -> AbstractContextManager[None]:
        """Return a context manager in which all changes are atomic."""
        return self._database.transaction()

    def back_up(self) -> Callable[[], None]:
        """Copy the wiki in memory, and return what restores it; ids that were given out since are given out again."""
        return self._database.back_up()

    def close(self) -> None:
        """Close the database; a database file is preserved."""
        self._database.close()

    def __enter__(self) -> Self:
        """Return the store itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the database."""
        self.close()
