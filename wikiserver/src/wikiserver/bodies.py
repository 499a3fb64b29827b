"""Convert the body of a content to each representation of the APIs."""

from typing import Final

from wikiserver.adf import storage_to_adf
from wikiserver.rights import may_read, page_of
from wikiserver.site import base_url, get_store, space_of
from wikiserver.store import Content
from wikiserver.store_view import StoreViewContext
from wikiserver.view import Representation, render_view

VIEWS: Final[dict[str, Representation]] = {
    "view": "view",
    "export_view": "export_view",
    "anonymous_export_view": "export_view",
    "styled_view": "styled_view",
}
STORED: Final = ("storage", "editor", "editor2")
READABLE: Final = (*STORED, "atlas_doc_format", *VIEWS)


def represent(content: Content, body: str, representation: str) -> str:
    """Return *body*, the storage format of *content*, in another representation of READABLE."""
    if representation in VIEWS:
        return render_view(body, view_context(content), representation=VIEWS[representation])
    if representation == "atlas_doc_format":
        return storage_to_adf(body, view_context(content))
    return body


def view_context(content: Content) -> StoreViewContext:
    """Return the context for rendering a content."""
    page = page_of(content)
    return StoreViewContext.of(get_store(), page, space_of(page), base_url=base_url(), may_read=may_read)
