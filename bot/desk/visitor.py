"""The person of a request: name, roles and preferences."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import g

from bot.desk.roles import EVERY_WORKSPACE, Role


@dataclass(frozen=True, slots=True)
class Visitor:
    """A signed-in person; *account* is None for the person who used the one-time link."""

    name: str
    roles: Mapping[str, Role]
    session: str
    """The digest of the session."""
    account: int | None = None
    zone: str | None = None
    language: str | None = None
    has_keys: bool = True

    def role_in(self, workspace: str | None) -> Role | None:
        """Return the role in *workspace*; with None the highest role in any workspace."""
        if workspace is None:
            return max(self.roles.values(), default=None)
        found = [role for name in (workspace, EVERY_WORKSPACE) if (role := self.roles.get(name))]
        return max(found, default=None)

    def may(self, role: Role, workspace: str | None = None) -> bool:
        """Return whether the person has at least *role*."""
        own = self.role_in(workspace)
        return own is not None and own >= role


def current_visitor() -> Visitor | None:
    """Return the person of the current request; None if nobody is signed in."""
    found: Visitor | None = g.get("visitor")
    return found


def signed_in() -> Visitor:
    """Return the person of the current request, in a view that needs one."""
    visitor = current_visitor()
    assert visitor is not None, "the view is declared with `requires`"  # noqa: S101 -- a bug of the program
    return visitor
