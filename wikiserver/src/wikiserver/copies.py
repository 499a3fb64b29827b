"""Copy pages and page trees."""

from collections.abc import Callable
from dataclasses import dataclass

from wikiserver.store import NOT_PAGES, Content, Store


@dataclass(frozen=True, slots=True)
class CopyOptions:
    """What is copied in addition to the body."""

    attachments: bool = False
    labels: bool = False
    properties: bool = False
    restrictions: bool = False


def copy_page(
    store: Store,
    page: Content,
    *,
    title: str,
    space_id: int,
    parent_id: int | None,
    author: str,
    options: CopyOptions,
    body: str | None = None,
) -> Content:
    """Create a copy of *page* at version 1, with another *body* if given."""
    with store.transaction():
        text = store.contents.body(page.id) if body is None else body
        copy = store.pages.create(
            space_id,
            title,
            text,
            author=author,
            parent_id=parent_id,
            kind=page.type,
            message=f"Copied from {page.title}",
            as_is=page.type in NOT_PAGES,
            subtype=page.subtype,
        )
        _copy_parts(store, page, copy, author, options)
    return copy


def overwrite_page(store: Store, page: Content, target: Content, *, author: str, options: CopyOptions) -> Content:
    """Replace the body of *target* with that of *page*, as the next version."""
    with store.transaction():
        message = f"Copied from {page.title}"
        saved = store.pages.update(target.id, body=store.contents.body(page.id), author=author, message=message)
        _copy_parts(store, page, saved, author, options)
    return saved


def copy_tree(
    store: Store,
    page: Content,
    parent: Content,
    *,
    author: str,
    options: CopyOptions,
    rename: Callable[[str], str],
    with_descendants: bool = True,
    may_read: Callable[[Content], bool],
) -> Content:
    """Copy a page with its descendants that *may_read* allows; *rename* returns the title of each copy."""
    with store.transaction():
        below = [one for one, _ in store.hierarchy.descendants(page.id) if may_read(one)] if with_descendants else []
        copies: dict[int, int] = {}
        for one in [page, *below]:
            under = parent.id if one.id == page.id else copies.get(one.parent_id or 0)
            if under is None:
                continue
            copy = copy_page(
                store,
                one,
                title=rename(one.title),
                space_id=parent.space_id,
                parent_id=under,
                author=author,
                options=options,
            )
            copies[one.id] = copy.id
        return store.contents.get(copies[page.id])


def _copy_parts(store: Store, page: Content, copy: Content, author: str, options: CopyOptions) -> None:
    if options.labels:
        for label in store.labels.of(page.id):
            store.labels.add(copy.id, label.name, label.prefix)
    if options.properties:
        for one in store.properties.of(page.id):
            if store.properties.find(copy.id, one.key) is None:
                store.properties.create_raw(copy.id, one.key, one.value, author=author)
    if options.restrictions:
        _copy_restrictions(store, page, copy)
    if options.attachments:
        _copy_attachments(store, page, copy, author)


def _copy_restrictions(store: Store, page: Content, copy: Content) -> None:
    for operation, named in store.restrictions.of(page.id).items():
        for kind, subjects in named.items():
            for subject in subjects:
                store.restrictions.add(copy.id, operation, kind, subject)


def _copy_attachments(store: Store, page: Content, copy: Content, author: str) -> None:
    for file in store.attachments.of(page.id):
        if store.attachments.find(copy.id, file.title) is not None:
            continue
        details = store.attachments.file(file.id)
        store.attachments.add(
            copy.id,
            file.title,
            store.attachments.data(file.id),
            author=author,
            media_type=details.media_type,
            comment=details.comment,
        )
