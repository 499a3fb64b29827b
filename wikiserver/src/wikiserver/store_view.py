"""The view context of a rendered page, read from the store and limited to what the caller may see."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

from wikiserver.addresses import download_path, space_webui, webui
from wikiserver.rights import may_read as caller_may_read
from wikiserver.rights import may_see_space, visibility
from wikiserver.site import get_site
from wikiserver.store import Content, Selection, Space, Store
from wikiserver.view.context import LinkedFile, LinkedPage, LinkedUser, PageName, UserKey, ViewContext

MAX_CHILDREN: Final = 300
_LIVE: Final = ("current", "archived")


@dataclass
class StoreViewContext(ViewContext):
    """Reads from the store; exists during one request."""

    store: Store | None = None
    space: Space | None = None
    may_read: Callable[[Content], bool] = caller_may_read

    @classmethod
    def of(
        cls,
        store: Store,
        page: Content,
        space: Space,
        *,
        base_url: str,
        may_read: Callable[[Content], bool] = caller_may_read,
    ) -> Self:
        """Return the context to render *page* of *space* for a caller who sees what *may_read* allows."""
        return cls(
            title=page.title,
            page_id=page.id,
            version=page.version,
            space_key=space.key,
            base_url=base_url,
            labels=[label.name for label in store.labels.of(page.id)],
            store=store,
            space=space,
            may_read=may_read,
        )

    def find_page(self, name: PageName) -> LinkedPage | None:
        """Return the page of that title, including archived pages, because links to them still work."""
        page = self._find(name)
        return self.linked(page) if page is not None else None

    def find_page_by_id(self, page_id: str) -> LinkedPage | None:
        """Return the page of that id."""
        page = self._store.contents.find(int(page_id)) if page_id.isdecimal() and len(page_id) < 19 else None
        return self.linked(page) if page is not None and page.status in _LIVE and self.may_read(page) else None

    def find_space(self, key: str) -> LinkedPage | None:
        """Return a space, as a page."""
        space = self._store.spaces.find_by_key(key)
        if space is None or not may_see_space(space):
            return None
        return LinkedPage(space.homepage_id or 0, space.name, space_webui(space))

    def find_user(self, key: UserKey) -> LinkedUser | None:
        """Return the person."""
        user = self._store.people.find(key.account_id or key.user_key or key.name)
        return LinkedUser(user.account_id, user.display_name, f"/people/{user.account_id}") if user else None

    def find_file(self, name: str, page: PageName | None = None) -> LinkedFile | None:
        """Return the newest version of an attachment."""
        owner_id = self._owner_id(page)
        content = self._store.attachments.find(owner_id, name) if owner_id is not None else None
        return self._linked_file(content) if content is not None else None

    def list_files(self, page: PageName | None = None) -> Sequence[LinkedFile]:
        """Return the attachments of this page or another, by name."""
        owner_id = self._owner_id(page)
        files = self._store.attachments.of(owner_id) if owner_id is not None else []
        return [self._linked_file(content) for content in sorted(files, key=lambda file: file.title.casefold())]

    def list_children(self, page_id: int | None = None) -> Sequence[LinkedPage]:
        """Return the pages directly under a page, at most MAX_CHILDREN."""
        pages = self._store.hierarchy.children(page_id or self.page_id, limit=MAX_CHILDREN)
        return [self.linked(page, with_children=True) for page in self.readable(pages)]

    def find_home(self, space_key: str = "") -> LinkedPage | None:
        """Return the home page of this space or of another."""
        space = self._find_space(space_key)
        home = self._store.contents.find(space.homepage_id) if space and space.homepage_id else None
        return self.linked(home) if home is not None and self.may_read(home) else None

    def list_recent(self, limit: int) -> Sequence[LinkedPage]:
        """Return the pages of this space that changed last."""
        return self._select((), (), limit, order_by="content.updated_at", is_descending=True)

    def list_labelled(self, labels: Sequence[str], limit: int) -> Sequence[LinkedPage]:
        """Return the pages of this space that have any of *labels*."""
        marks = ",".join("?" * len(labels))
        condition = (
            "content.id IN (SELECT content_id FROM content_labels JOIN labels ON labels.id = label_id"
            f" WHERE labels.name IN ({marks}))"
        )
        names = tuple(label.casefold() for label in labels)
        return self._select((condition,), names, limit, order_by="content.title_key", is_descending=False)

    def load_page(self, page: LinkedPage) -> tuple[str, ViewContext] | None:
        """Return a page's body and the context to show it in."""
        content = self._store.contents.find(page.id)
        if content is None or not self.may_read(content):
            return None
        space = self._store.spaces.get(content.space_id)
        context = StoreViewContext.of(self._store, content, space, base_url=self.base_url, may_read=self.may_read)
        return self._store.contents.body(content.id), context

    def linked(self, page: Content, *, with_children: bool = False) -> LinkedPage:
        """Return *page* as a link target."""
        space = self.space if self.space and self.space.id == page.space_id else self._store.spaces.get(page.space_id)
        updater = self._store.people.find(page.updater)
        return LinkedPage(
            page.id,
            page.title,
            webui(page, space),
            version=page.version,
            updated_at=page.updated_at,
            updated_by=updater.display_name if updater else "",
            has_children=with_children and bool(self.readable(self._store.hierarchy.children(page.id))),
        )

    def readable(self, pages: Iterable[Content]) -> list[Content]:
        """Exclude the pages that the caller may not see."""
        return [page for page in pages if self.may_read(page)]

    @property
    def _store(self) -> Store:
        return self.store if self.store is not None else get_site().store

    def _find(self, name: PageName) -> Content | None:
        space = self._find_space(name.space_key)
        if space is None or not name.title:
            return None
        page = self._store.contents.find_page(space.id, name.title, statuses=_LIVE)
        return page if page is not None and self.may_read(page) else None

    def _find_space(self, key: str) -> Space | None:
        return self._store.spaces.find_by_key(key) if key else self.space

    def _owner_id(self, page: PageName | None) -> int | None:
        if page is None:
            return self.page_id
        owner = self._find(page)
        return owner.id if owner is not None else None

    def _linked_file(self, content: Content) -> LinkedFile:
        file = self._store.attachments.file(content.id)
        author = self._store.people.find(content.updater)
        return LinkedFile(
            id=content.id,
            name=content.title,
            path=download_path(content),
            page_id=content.container_id or 0,
            media_type=file.media_type,
            version=content.version,
            size_bytes=file.size,
            updated_at=content.updated_at,
            updated_by=author.display_name if author else "",
            comment=file.comment,
            file_id=file.file_id,
        )

    def _select(
        self,
        conditions: tuple[str, ...],
        parameters: tuple[object, ...],
        limit: int,
        *,
        order_by: str,
        is_descending: bool,
    ) -> list[LinkedPage]:
        if self.space is None:
            return []
        hidden, hidden_parameters = visibility()
        base = ("content.space_id = ?", "content.type = 'page'", "content.status = 'current'")
        chosen = Selection(
            conditions=(*base, *conditions, *hidden),
            parameters=(self.space.id, *parameters, *hidden_parameters),
            order_by=order_by,
            is_descending=is_descending,
            limit=limit,
        )
        return [self.linked(page) for page in self._store.contents.select(chosen)]
