"""Create and delete spaces."""

from wikiserver.store import ALL_IN_SPACE, LongTask, Selection, Space, Store

_HOME_BODY = "<p>Welcome to your new space.</p>"
_CHUNK = 500


def create_space(
    store: Store, key: str, name: str, *, creator: str, description: str = "", is_private: bool = False
) -> Space:
    """Create a space with a home page, as both flavours do; a private space is visible to its creator only."""
    with store.transaction():
        space = store.spaces.create(key, name, creator=creator, now=store.clock(), description=description)
        if is_private:
            store.space_permissions.clear(space.id)
            store.space_permissions.grant(space.id, "user", creator, ALL_IN_SPACE)
        home = store.pages.create(space.id, f"{name} Home", _HOME_BODY, author=creator)
        return store.spaces.update(space.id, homepage_id=home.id)


def delete_space(store: Store, space: Space) -> LongTask:
    """Delete a space and its content permanently."""
    with store.transaction():
        # Deepest first, so that no children have to move up.
        selection = Selection(("space_id = ?",), (space.id,), is_descending=True, limit=_CHUNK)
        while contents := store.contents.select(selection):
            for content in contents:
                if store.contents.find(content.id) is not None:
                    store.pages.purge(content.id)
        store.spaces.delete(space.id)
        return store.long_tasks.record("com.atlassian.confluence.spaces.delete", messages=[f"{space.key} deleted"])
