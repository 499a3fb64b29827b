"""Errors of the store, with the data that a caller needs for its answer."""


class StoreError(Exception):
    """The wiki cannot perform the operation."""


class NotFoundError(StoreError):
    """The object does not exist, or the person may not see it."""


class VersionConflictError(StoreError):
    """The page has a newer version than the version that the edit is based on."""

    def __init__(self, content_id: int, *, current: int, given: int) -> None:
        super().__init__(f"Version must be incremented on update. Current version is: {current}")
        self.content_id, self.current, self.given = content_id, current, given


class DraftConflictError(StoreError):
    """The page has unpublished changes that a save would override."""

    def __init__(self, content_id: int) -> None:
        super().__init__(f"Content {content_id} has unpublished changes in a draft: publish or discard them first")


class TitleTakenError(StoreError):
    """Another page of the space has this title."""

    def __init__(self, title: str) -> None:
        super().__init__(f"A page with this title already exists: A page already exists with the title {title}")
        self.title = title


class DuplicateError(StoreError):
    """An object that must be unique exists already (a property key, a space key, an attachment name)."""


class InvalidError(StoreError):
    """The given values are invalid: an empty title, a parent that would be its own descendant."""


class NotEditableError(StoreError):
    """Archived and trashed pages cannot be edited."""


class ForbiddenError(StoreError):
    """The person may see the object but not perform this operation."""
