"""The roles of people at the desk, and the declaration of the least role of a view."""

from collections.abc import Callable
from enum import IntEnum
from typing import Any, Self, TypeVar

EVERY_WORKSPACE = "*"
"""A role for all workspaces, also for those that are added later."""
_ATTRIBUTE = "least_role"
_View = TypeVar("_View", bound=Callable[..., Any])


class Role(IntEnum):
    """What a person may do in a workspace; each role includes those before it."""

    AUDITOR = 1
    """Read everything: plan, edits, runs, pages, archive."""
    EDITOR = 2
    """Write news, links and banner."""
    MAINTAINER = 3
    """Publish plans, settle edits, run jobs, stop the bot."""
    ADMIN = 4
    """Manage accounts and read the audit log; for all workspaces only."""

    @classmethod
    def parse(cls, word: str) -> Self:
        """Return the role that is written *word*, for example `editor`."""
        return cls[word.upper()]

    @property
    def word(self) -> str:
        """The role as it is written in settings and commands."""
        return self.name.lower()


ROLE_WORDS = tuple(role.word for role in Role)


def requires(role: Role) -> Callable[[_View], _View]:
    """Declare the least role that may use a view; below `@blueprint.get(…)` or above it.

    With a route argument `workspace`, the role in that workspace counts; otherwise the highest role in any workspace.
    """

    def declare(view: _View) -> _View:
        setattr(view, _ATTRIBUTE, role)
        return view

    return declare


def public(view: _View) -> _View:
    """Declare a view that needs no account."""
    setattr(view, _ATTRIBUTE, None)
    return view


def has_declared_role(view: Callable[..., Any]) -> bool:
    """Return whether *view* is declared with `requires` or `public`."""
    return hasattr(view, _ATTRIBUTE)


def least_role_of(view: Callable[..., Any]) -> Role | None:
    """Return the least role that may use *view*; None for a public view."""
    role: Role | None = getattr(view, _ATTRIBUTE)
    return role
