"""A person opens a page in an editor and saves it without changing a word."""

from typing import Final, get_args

from wikiserver.editor.resave import resave
from wikiserver.normalise import Flavour
from wikiserver.site import Site
from wikiserver.store import Content, InvalidError

EDITORS: Final[tuple[Flavour, ...]] = get_args(Flavour)
AS_TYPED: Final = "none"
"""In place of an editor: what was typed is saved, and nothing else changes."""


def respelled(site: Site, page: Content, body: str, editor: str = "", *, seed: object = None) -> str:
    """Return *body* as an editor stores it, by default the one of the site; other versions make other choices."""
    name = editor or site.editor or site.flavour
    if name == AS_TYPED:
        return body
    if name not in EDITORS:
        raise InvalidError(f"there is no editor {name!r}; there are {', '.join((*EDITORS, AS_TYPED))}")
    key = site.store.spaces.get(page.space_id).key
    chosen = f"{page.id}/{page.version}" if seed is None else seed
    return resave(body, "cloud" if name == "cloud" else "datacenter", seed=chosen, space_key=key)


def open_and_save(
    site: Site, page_id: int, person: str, *, editor: str = "", seed: object = None, message: str = ""
) -> Content:
    """Save a page as a version by *person*, the name of an account, as its editor stores it; no word changes."""
    store = site.store
    page = store.contents.get(page_id)
    body = respelled(site, page, store.contents.body(page_id), editor, seed=seed)
    return store.pages.update(page_id, body=body, author=store.people.get(person).account_id, message=message)
