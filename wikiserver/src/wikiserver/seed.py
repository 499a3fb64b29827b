"""Load a world folder: the initial spaces, pages and people of a wiki."""

import mimetypes
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from wikiserver.store import IN_TREE, NOT_PAGES, WORDS, Content, InvalidError, Operation, Space, Store, StoreError

SPACE_FILE: Final = "space.yaml"
USERS_FILE: Final = "users.yaml"
BODY_SUFFIX: Final = ".xhtml"
DEMO_WORLD: Final = Path(__file__).resolve().parent / "worlds" / "demo"
_STATES: Final = {"rough draft": (0, "#ffc400"), "in progress": (1, "#2684ff"), "ready for review": (2, "#57d9a3")}

Json = dict[str, Any]


class WorldError(Exception):
    """A world folder cannot be loaded; the message states the file."""


@dataclass(slots=True)
class _PageSource:
    """One page as stored in the folder."""

    slug: str
    path: Path
    metadata: Json = field(default_factory=dict)

    @property
    def title(self) -> str:
        return str(self.metadata.get("title") or self.slug)


def seed_wiki(store: Store, seed: str | Path) -> None:
    """Fill a new wiki from *seed*: `empty`, `demo` or a world folder. Raises WorldError for invalid content."""
    if seed != "empty":
        load_world(store, DEMO_WORLD if seed == "demo" else Path(seed))


def load_world(store: Store, folder: Path) -> None:
    """Add everything in *folder* to the wiki. Raises WorldError for invalid content; nothing is added then."""
    if not folder.is_dir():
        raise WorldError(f"{folder}: there is no such folder")
    with store.transaction():
        _load_users(store, folder / USERS_FILE)
        spaces = sorted(path.parent for path in folder.glob(f"*/{SPACE_FILE}"))
        if (folder / SPACE_FILE).is_file():
            spaces = [folder]
        if not spaces:
            raise WorldError(f"{folder}: no {SPACE_FILE} in it nor in a folder of it")
        for space in spaces:
            try:
                _SpaceLoader(store, space).load()
            except StoreError as error:
                raise WorldError(f"{space / SPACE_FILE}: {error}") from error


def _read_yaml(path: Path) -> Any:
    try:
        return deepcopy(_parse_yaml(path.read_text(encoding="utf-8")))
    except (YAMLError, UnicodeError, ValueError) as error:
        raise WorldError(f"{path}: {error}") from error


@lru_cache(maxsize=256)
def _parse_yaml(text: str) -> Any:
    """Parse *text*; cached, because a suite of tests loads the same world for every test."""
    return _without_surrogates(YAML(typ="safe", pure=True).load(text))


def _without_surrogates(value: Any) -> Any:
    r"""Return *value* with each pair of surrogates as one character, as JSON defines `\ud83c\udf89`.

    Raises UnicodeError for a surrogate without its partner: no database and no answer can contain it.
    """
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16")
    if isinstance(value, Mapping):
        return {_without_surrogates(key): _without_surrogates(each) for key, each in value.items()}
    return [_without_surrogates(each) for each in value] if isinstance(value, list) else value


def _load_users(store: Store, path: Path) -> None:
    if not path.is_file():
        return
    for user in _read_yaml(path) or []:
        if not isinstance(user, Mapping) or "name" not in user:
            raise WorldError(f"{path}: each user needs a name")
        store.people.add(
            str(user["name"]),
            display_name=user.get("display_name"),
            email=user.get("email"),
            account_id=user.get("account_id"),
            is_admin=bool(user.get("admin", user["name"] == "admin")),
        )


class _SpaceLoader:
    """Loads one space folder into the store."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store, self._folder = store, folder
        self._settings: Json = _read_yaml(folder / SPACE_FILE) or {}
        self._ids: dict[str, int] = {}
        self._titles: set[str] = set()

    def load(self) -> None:
        key = str(self._settings.get("key") or self._folder.name)
        self._space = self._store.spaces.create(
            key,
            str(self._settings.get("name") or key),
            creator=self._account(self._settings.get("creator") or "admin"),
            now=self._store.clock(),
            description=str(self._settings.get("description") or ""),
        )
        self._permit(self._settings.get("permissions"))
        sources = self._sources()
        home = self._home(sources)
        if home is None:
            page = self._store.pages.create(
                self._space.id, f"{self._space.name} Home", "", author=self._account("admin")
            )
            self._store.spaces.update(self._space.id, homepage_id=page.id)
            self._titles.add(page.title.casefold())
        self._load_in_tree_order(sources, home)

    def _permit(self, permissions: object) -> None:
        """Replace the permissions of a new space, if the file has some.

        The keys are words, such as `view: [ana, confluence-users]`, or single operations, such as `create page`.
        """
        if permissions is None:
            return
        if not isinstance(permissions, Mapping):
            raise InvalidError(f"permissions: {permissions!r} is not a mapping with the keys {', '.join(WORDS)}")
        self._store.space_permissions.clear(self._space.id)
        for word, names in permissions.items():
            for name in names or []:
                self._grant(str(word), str(name))

    def _grant(self, word: str, name: str) -> None:
        group = self._store.people.find_group(name)
        kind, subject = ("group", group.id) if group is not None else ("user", self._account(name))
        operations = WORDS.get(word) or (Operation(*word.partition(" ")[::2]),)
        self._store.space_permissions.grant(self._space.id, kind, subject, operations)

    @property
    def _homepage_id(self) -> int | None:
        return self._store.spaces.get(self._space.id).homepage_id

    def _sources(self) -> dict[str, _PageSource]:
        found = {}
        paths = sorted(self._folder.rglob(f"*{BODY_SUFFIX}"), key=lambda path: (len(path.parts), path))
        for path in paths:
            if any(parent.name.endswith(".files") for parent in path.relative_to(self._folder).parents):
                continue
            slug = path.relative_to(self._folder).with_suffix("").as_posix()
            found[slug] = _PageSource(slug, path)
        for slug, source in found.items():
            beside = self._folder / f"{slug}.yaml"
            if beside.is_file():
                source.metadata = _read_yaml(beside) or {}
                if not isinstance(source.metadata, dict):
                    raise WorldError(f"{beside}: expected keys and values")
        old = {
            name
            for source in found.values()
            for version in source.metadata.get("versions") or []
            if (name := self._old_body_slug(source, version)) is not None
        }
        return {slug: source for slug, source in found.items() if slug not in old}

    def _old_body_slug(self, source: _PageSource, version: Json) -> str | None:
        body = version.get("body")
        if not body or (source.path.parent / str(body)) == source.path:
            return None
        return (source.path.parent / str(body)).relative_to(self._folder).with_suffix("").as_posix()

    def _home(self, sources: dict[str, _PageSource]) -> str | None:
        slug = self._settings.get("home")
        if slug is None:
            return None
        if slug not in sources:
            raise WorldError(f"{self._folder / SPACE_FILE}: the home {slug!r} has no file {slug}{BODY_SUFFIX}")
        return str(slug)

    def _load_in_tree_order(self, sources: dict[str, _PageSource], home: str | None) -> None:
        waiting = dict(sources)
        if home is not None:
            self._load_page(waiting.pop(home), parent_id=None)
            self._store.spaces.update(self._space.id, homepage_id=self._ids[home])
        while waiting:
            ready = [slug for slug, source in waiting.items() if self._parent(source) in {None, *self._ids}]
            if not ready:
                slug, source = next(iter(waiting.items()))
                raise WorldError(f"{source.path}: its parent {self._parent(source)!r} is not there, or is below it")
            for slug in ready:
                source = waiting.pop(slug)
                parent = self._parent(source)
                self._load_page(source, self._ids[parent] if parent is not None else self._homepage_id)

    def _parent(self, source: _PageSource) -> str | None:
        parent = source.metadata.get("parent")
        return str(parent) if parent is not None else None

    def _load_page(self, source: _PageSource, parent_id: int | None) -> None:
        try:
            page = self._create_with_versions(source, parent_id)
            self._ids[source.slug] = page.id
            self._decorate(page, source)
        except StoreError as error:
            raise WorldError(f"{source.path}: {error}") from error

    def _create_with_versions(self, source: _PageSource, parent_id: int | None) -> Content:
        versions = source.metadata.get("versions") or [{}]
        created = _moment(source.metadata.get("created"))
        author = source.metadata.get("author") or "admin"
        page: Content | None = None
        kind = str(source.metadata.get("type") or "page")
        if kind not in {*IN_TREE, "blogpost"}:
            raise InvalidError(f"{kind!r} is not a type of content")
        for version in versions:
            body = _read_body(source.path.parent / str(version.get("body") or source.path.name))
            who = self._account(version.get("author") or author)
            message = str(version.get("message") or "")
            when = _moment(version.get("when")) or created
            if page is None:
                page = self._store.pages.create(
                    self._space.id,
                    self._unique_title(source),
                    self._stored(body, kind),
                    parent_id=parent_id,
                    position=source.metadata.get("position"),
                    kind=kind,
                    author=who,
                    message=message,
                    when=when,
                    as_is=True,
                )
            else:
                page = self._store.pages.update(
                    page.id, body=self._stored(body, kind), author=who, message=message, when=when, as_is=True
                )
        if page is None:
            raise WorldError(f"{source.path}: no version")
        return page

    def _stored(self, body: str, kind: str) -> str:
        """Return a body as a save would store it; a body that a save would refuse is unchanged.

        The body of an embed is its address, which is no storage format.
        """
        if kind in NOT_PAGES:
            return body
        try:
            return self._store.normalise(body)
        except InvalidError:
            return body

    def _unique_title(self, source: _PageSource) -> str:
        """Return a unique title; if files in several folders have the same name, prefix the folder."""
        title = source.title
        if "title" not in source.metadata:
            title = source.path.name.removesuffix(BODY_SUFFIX)
            if title.casefold() in self._titles:
                title = source.slug
        self._titles.add(title.casefold())
        return title

    def _decorate(self, page: Content, source: _PageSource) -> None:
        store, metadata = self._store, source.metadata
        for label in metadata.get("labels") or []:
            store.labels.add(page.id, str(label))
        self._attach(page, source)
        self._comment(page, metadata.get("comments") or [])
        for operation, names in (metadata.get("restrictions") or {}).items():
            for name in names or []:
                store.restrictions.add(page.id, operation, "user", self._account(name))
        for key, value in (metadata.get("properties") or {}).items():
            store.properties.create(page.id, str(key), value, author=page.creator)
        state = metadata.get("content_state")
        if state:
            number, color = _STATES.get(str(state).casefold(), (3, "#6554c0"))
            store.states.set(page.id, state_id=number, name=str(state), color=color, by=page.updater)
        status = str(metadata.get("status") or "current")
        if status not in {"current", "archived", "draft", "trashed"}:
            raise InvalidError(f"{status!r} is not a status")
        if status != "current":
            store.pages.set_status(page.id, status)

    def _attach(self, page: Content, source: _PageSource) -> None:
        folder = source.path.with_suffix(".files")
        described = {str(one["name"]): one for one in source.metadata.get("attachments") or []}
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            one = described.pop(path.name, {})
            self._store.attachments.add(
                page.id,
                path.name,
                path.read_bytes(),
                author=self._account(one.get("author") or source.metadata.get("author") or "admin"),
                media_type=one.get("media_type") or mimetypes.guess_type(path.name)[0],
                comment=str(one.get("comment") or ""),
                when=_moment(one.get("when")) or page.created_at,
            )
        if described:
            raise InvalidError(f"the attachment {next(iter(described))!r} has no file in {folder.name}/")

    def _comment(self, page: Content, comments: list[Json]) -> None:
        ids: dict[str, int] = {}
        for one in comments:
            inline = one.get("inline") or {}
            parent = one.get("parent")
            if parent is not None and str(parent) not in ids:
                raise InvalidError(f"the comment {one.get('id')!r} answers {parent!r}, which is not before it")
            comment = self._store.comments.add(
                page.id,
                str(one.get("body") or ""),
                author=self._account(one.get("author") or "admin"),
                parent_id=ids[str(parent)] if parent is not None else None,
                marker_ref=inline.get("ref"),
                selection=inline.get("text"),
                when=_moment(one.get("when")),
            )
            ids[str(one.get("id", comment.id))] = comment.id
            if one.get("resolved"):
                self._store.comments.resolve(comment.id, is_resolved=True, by=comment.creator)

    def _account(self, name: object) -> str:
        user = self._store.people.find(str(name))
        if user is None:
            user = self._store.people.add(str(name))
        return user.account_id

    _space: Space


def _read_body(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise WorldError(f"{path}: {error}") from error
    return text.removesuffix("\n")


def _moment(value: object) -> datetime | None:
    if value is None:
        return None
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    else:
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            raise InvalidError(f"{value!r} is not a date in ISO form") from None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
