"""The spaces and people of a wiki, remembered where they do not change."""

from collections.abc import Iterator

from bot.errors import AuthenticationError, PermissionDeniedError, WikiAnswerError
from bot.wiki import rest_v1
from bot.wiki.dialect import Dialect
from bot.wiki.gateway import Space, User
from bot.wiki.rest_client import RestClient


class Directory:
    """Looks up spaces and people; safe to share between threads."""

    def __init__(self, client: RestClient, dialect: Dialect) -> None:
        self._client, self._dialect = client, dialect
        self._spaces: dict[str, Space] = {}
        self._users: dict[str, User] = {}
        self._me: User | None = None

    def fetch_current_user(self) -> User:
        """Ask the wiki for the account; raises `AuthenticationError` for an anonymous one."""
        user = self._client.send(rest_v1.current_user())
        if user.id == "anonymous":
            raise AuthenticationError("the wiki takes the bot for an anonymous visitor; check user and token")
        self._me = user
        return user

    def current_user(self) -> User:
        """Return the account as it was when first asked for."""
        return self._me or self.fetch_current_user()

    def user(self, user_id: str) -> User:
        """Return a person as first read; a person who is gone or hidden is named by the id."""
        if user_id not in self._users:
            try:
                self._users[user_id] = self._client.send(self._dialect.user(user_id))
            except (WikiAnswerError, PermissionDeniedError):
                self._users[user_id] = User(user_id, user_id)
        return self._users[user_id]

    def named(self, user: User) -> User:
        """Return *user* with a name: v2 gives the account id only."""
        return user if user.display_name != user.id else self.user(user.id)

    def fetch_space(self, key: str) -> Space:
        """Ask the wiki for a space as it is now."""
        space = self._spaces[key] = self._client.send(self._dialect.space(key))
        return space

    def iter_spaces(self) -> Iterator[Space]:
        """List the current spaces that the account may see."""
        for space in self._client.iter(self._dialect.spaces()):
            self._spaces[space.key] = space
            yield space

    def space(self, key: str) -> Space:
        """Return a space as last read; its id and key never change."""
        return self._spaces.get(key) or self.fetch_space(key)
