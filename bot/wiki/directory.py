"""A cache of the spaces and people of a wiki."""

from collections.abc import Iterator

from bot.errors import AuthenticationError, PageNotFoundError, PermissionDeniedError, WikiAnswerError
from bot.suggestion import did_you_mean
from bot.wiki import rest_v1
from bot.wiki.dialect import Dialect
from bot.wiki.gateway import Space, User
from bot.wiki.rest_client import RestClient


class Directory:
    """Looks up spaces and people; thread-safe."""

    def __init__(self, client: RestClient, dialect: Dialect) -> None:
        self._client, self._dialect = client, dialect
        self._spaces: dict[str, Space] = {}
        self._users: dict[str, User] = {}
        self._me: User | None = None

    def fetch_current_user(self) -> User:
        """Request the account of the credentials; raises `AuthenticationError` for an anonymous one."""
        user = self._client.send(rest_v1.current_user())
        if user.id == "anonymous":
            raise AuthenticationError("the wiki treats the bot as an anonymous user; check user and token")
        self._me = user
        return user

    def current_user(self) -> User:
        """Return the cached account of the credentials."""
        return self._me or self.fetch_current_user()

    def user(self, user_id: str) -> User:
        """Return a person from the cache or the wiki; a deleted or hidden person has the id as name."""
        if user_id not in self._users:
            self._users[user_id] = self._find(user_id) or self._find(user_id) or User(user_id, user_id)
        return self._users[user_id]

    def learn(self, user: User | None) -> None:
        """Take a person with a name from another answer, so that it need not be asked for."""
        if user is not None and user.display_name != user.id:
            self._users.setdefault(user.id, user)

    @property
    def people(self) -> tuple[User, ...]:
        """All people that were asked for so far, or named in another answer."""
        return tuple(dict(self._users).values())

    def _find(self, user_id: str) -> User | None:
        """Request a person; an answer about another person counts as none."""
        try:
            user = self._client.send(self._dialect.user(user_id))
        except (WikiAnswerError, PermissionDeniedError):
            return None
        return user if user_id in (user.id, user.username) else None

    def named(self, user: User) -> User:
        """Return *user* with a name: v2 returns the account id only."""
        return user if user.display_name != user.id else self.user(user.id)

    def fetch_space(self, key: str) -> Space:
        """Request the current state of a space from the wiki; a key in other case is refused with the right key.

        Some wikis find a space by a key in any case, but the pages and addresses of the space have the right key.
        """
        try:
            space = self._client.send(self._dialect.space(key))
        except PageNotFoundError:
            if hint := did_you_mean(key, (space.key for space in self.iter_spaces())):
                raise PageNotFoundError(space_key=key, reason=hint.strip(" ()")) from None
            raise
        if space.key != key:
            raise PageNotFoundError(space_key=key, reason=f"did you mean {space.key!r}?")
        self._spaces[key] = space
        return space

    def iter_spaces(self) -> Iterator[Space]:
        """List the current spaces that the account may see."""
        for space in self._client.iter(self._dialect.spaces()):
            self._spaces[space.key] = space
            yield space

    def space(self, key: str) -> Space:
        """Return a space from the cache or the wiki; id and key of a space never change."""
        return self._spaces.get(key) or self.fetch_space(key)
