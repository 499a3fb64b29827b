"""Decide whether the caller may do something to a content or in a space. Every route asks this module.

The rules are those of Confluence: a person needs the permission of the space, and no restriction may exclude the
person. Restrictions and drafts hide everything inside a page: comments, attachments, and comments on attachments.
"""

from typing import Final, Literal

from flask import g, request

from wikiserver.site import get_site, get_store, get_user, space_of
from wikiserver.store import (
    ADMINISTER,
    CREATE_SPACE,
    SITE_ID,
    Content,
    ForbiddenError,
    NotEditableError,
    NotFoundError,
    Operation,
    Space,
    User,
)

Act = Literal["edit", "delete", "archive", "restrict", "comment", "attach", "add"]
"""What a person can do to a content. `add` is to create a page below it or to move one there."""

_CLOSED_WHEN_ARCHIVED: Final = frozenset(("edit", "restrict", "comment", "attach", "add"))
_OWN: Final = Operation("delete", "space")


def has_admin_key() -> bool:
    """Return whether the caller bypasses restrictions: Data Center's super group, Cloud's admin key."""
    return get_user().is_admin and (not get_site().is_cloud or "Atl-Confluence-With-Admin-Key" in request.headers)


def may_read(content: Content) -> bool:
    """Return whether the caller may see a content."""
    return _may_read(get_user(), page_of(content), content.space_id, is_super=has_admin_key())


def user_may_read(user: User, content: Content) -> bool:
    """Return whether any user may see a content."""
    return _may_read(user, page_of(content), content.space_id, is_super=user.is_admin and not get_site().is_cloud)


def _may_read(user: User, page: Content, space_id: int, *, is_super: bool) -> bool:
    restrictions = get_store().restrictions
    if restrictions.is_in_foreign_draft(user, page.id):
        return False
    if is_super:
        return True
    return _allows(user, space_id, Operation("read", "space")) and restrictions.may_read(user, page.id)


def may(act: Act, content: Content) -> bool:
    """Return whether the caller may see a content and do something to it."""
    return user_may(get_user(), act, content, is_super=has_admin_key())


def user_may(user: User, act: Act, content: Content, *, is_super: bool) -> bool:
    """Return whether a user may do something to a content that the user may see."""
    page = page_of(content)
    if not _may_read(user, page, content.space_id, is_super=is_super):
        return False
    if is_super:
        return True
    granted = get_store().space_permissions.allowed(content.space_id, user.account_id)
    if content.type == "comment" and act in {"edit", "delete", "restrict"}:
        return _may_change_comment(user, act, content, granted)
    if act == "comment":
        return Operation("create", "comment") in granted
    return get_store().restrictions.may_update(user, page.id) and _is_granted(user, act, content, granted)


def _may_change_comment(user: User, act: Act, comment: Content, granted: frozenset[Operation]) -> bool:
    """Return whether a user may change a comment: its author, an administrator of the space, or a moderator."""
    if ADMINISTER in granted or (act == "delete" and Operation("delete", "comment") in granted):
        return True
    needed = _OWN if act == "delete" else Operation("create", "comment")
    return comment.creator == user.account_id and needed in granted


def _is_granted(user: User, act: Act, content: Content, granted: frozenset[Operation]) -> bool:
    kind = content.type if content.type in {"blogpost", "attachment"} else "page"
    match act:
        case "delete":
            is_own = content.creator == user.account_id and _OWN in granted
            return Operation("delete", kind) in granted or is_own
        case "archive":
            return Operation("archive", "page") in granted
        case "restrict":
            return Operation("restrict_content", "space") in granted
        case "attach":
            return Operation("create", "attachment") in granted
        case "add":
            return Operation("create", "page") in granted
        case _:
            return bool({Operation("create", kind), Operation("update", kind)} & granted)


def may_administer(space: Space) -> bool:
    """Return whether the caller may see and administer a space."""
    return may_see_space(space) and (has_admin_key() or _allows(get_user(), space.id, ADMINISTER))


def may_see_space(space: Space) -> bool:
    """Return whether the caller may see a space."""
    return has_admin_key() or _allows(get_user(), space.id, Operation("read", "space"))


def _allows(user: User, space_id: int, operation: Operation) -> bool:
    return operation in get_store().space_permissions.allowed(space_id, user.account_id)


def page_of(content: Content) -> Content:
    """Return the page of a content through all its containers; a page is its own."""
    while content.container_id is not None:
        content = get_store().contents.get(content.container_id)
    return content


def check_readable(content: Content | None, message: str) -> Content:
    """Return *content* if the caller may see it; otherwise the answer is the same as for an absent content."""
    if content is None or not may_read(content):
        g.is_hidden = content is not None
        raise NotFoundError(message)
    return content


def check(act: Act, content: Content, message: str) -> Content:
    """Return *content*, which the caller may see, if the caller may also do *act*; raises ForbiddenError otherwise."""
    if not may(act, content):
        raise ForbiddenError(message)
    if act in _CLOSED_WHEN_ARCHIVED and page_of(content).status == "archived":
        raise NotEditableError(f"Content {content.id} is archived: it cannot be changed")
    return content


def check_move(page: Content, target: Content, position: str) -> None:
    """Raise ForbiddenError unless the caller may move *page* below *target*, or next to it; both are visible."""
    check("edit", page, f"User not permitted to edit content with id: {page.id}")
    above = target.id if position == "append" else target.parent_id
    if above is None:
        check_creates(space_of(target), "page")
    else:
        check("add", get_store().contents.get(above), f"User not permitted to move content below content: {target.id}")


def check_space(space: Space | None, message: str) -> Space:
    """Return *space* if the caller may see it; otherwise the answer is the same as for an absent space."""
    if space is None or not may_see_space(space):
        g.is_hidden = space is not None
        raise NotFoundError(message)
    return space


def visible_space(key: str) -> Space:
    """Return the space of a key; a space that the caller may not see is reported as not found."""
    return check_space(get_store().spaces.find_by_key(key), f"No space with key : {key}")


def get_administered(key: str) -> Space:
    """Return the space of a key, which the caller may administer."""
    return check_administers(visible_space(key))


def check_administers(space: Space) -> Space:
    """Return *space* if the caller may administer it; raises ForbiddenError otherwise."""
    if not may_administer(space):
        raise ForbiddenError(f"{get_user().display_name} may not administer the space {space.key}")
    return space


def check_creates(space: Space, kind: str) -> Space:
    """Return *space* if the caller may create content of one type in it; raises ForbiddenError otherwise."""
    wanted = Operation("create", kind if kind in {"blogpost", "comment", "attachment"} else "page")
    if not has_admin_key() and not _allows(get_user(), space.id, wanted):
        raise ForbiddenError(f"{get_user().display_name} may not create a {kind} in the space {space.key}")
    return space


def operations_of(content: Content) -> list[Operation]:
    """Return the operations that the caller may perform on a content and below it."""
    own: dict[str, Act] = {"update": "edit", "delete": "delete", "move": "edit"}
    own |= {"archive": "archive", "restrict_content": "restrict"}
    below: dict[str, Act] = {"page": "add", "comment": "comment", "attachment": "attach"}
    return [
        *(Operation(name, content.type) for name in ("read", "copy", "export")),
        *(Operation(name, content.type) for name, act in own.items() if may(act, content)),
        *(Operation("create", kind) for kind, act in below.items() if may(act, content)),
    ]


def check_creates_spaces() -> None:
    """Raise ForbiddenError unless the caller may create spaces."""
    user = get_user()
    if not user.is_admin and not _allows(user, SITE_ID, CREATE_SPACE):
        raise ForbiddenError(f"{user.display_name} may not create spaces")


def check_administrator() -> None:
    """Raise ForbiddenError unless the caller is an administrator of the wiki."""
    if not get_user().is_admin:
        raise ForbiddenError(f"{get_user().display_name} may not administer this wiki")


def visible_spaces() -> list[Space]:
    """Return the spaces that the caller may see, in the order of creation."""
    hidden = set() if has_admin_key() else set(get_store().space_permissions.hidden_spaces(get_user().account_id))
    return [space for space in get_store().spaces.all() if space.id not in hidden]


def visibility() -> tuple[tuple[str, ...], tuple[object, ...]]:
    """Return the SQL conditions on the table `content`, with parameters, that exclude what the caller may not see."""
    store, user, conditions, parameters = get_store(), get_user(), list[str](), list[object]()
    roots = store.restrictions.foreign_drafts(user)
    if not has_admin_key():
        roots += store.restrictions.hidden_roots(user)
        if spaces := store.space_permissions.hidden_spaces(user.account_id):
            conditions.append(f"content.space_id NOT IN ({','.join('?' * len(spaces))})")
            parameters += spaces
    if roots:
        conditions.append(f"content.id NOT IN ({_INSIDE.format(marks=','.join('?' * len(roots)))})")
        parameters += roots
    return tuple(conditions), tuple(parameters)


_INSIDE: Final = (
    "WITH RECURSIVE inside(id) AS (SELECT descendant_id FROM closure WHERE ancestor_id IN ({marks})"
    " UNION SELECT held.id FROM content held JOIN inside ON held.container_id = inside.id) SELECT id FROM inside"
)
