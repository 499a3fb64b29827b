"""The addresses of pages, files and API objects in the wiki, relative to its base address."""

import base64
from typing import Final
from urllib.parse import quote, quote_plus

from wikiserver.site import get_site, get_store
from wikiserver.store import NOT_PAGES, Content, Space, to_milliseconds

_TO_TINY: Final = str.maketrans("+/", "_-")
_FROM_TINY: Final = str.maketrans("_-", "+/")


def tiny_key(content_id: int) -> str:
    """Return the key of the short link `/x/KEY`: the bytes of the id, little-endian, in base64 without padding."""
    packed = content_id.to_bytes(8, "little").rstrip(b"\0")
    return base64.b64encode(packed).decode().rstrip("=").rstrip("A").translate(_TO_TINY)


def tiny_to_id(key: str) -> int:
    """Return the page id of a short link; raises ValueError for an invalid key."""
    text = key.translate(_FROM_TINY).ljust(11, "A") + "="
    return int.from_bytes(base64.b64decode(text, validate=True), "little")


def space_webui(space: Space) -> str:
    """Return the address of the home page of a space."""
    return f"/spaces/{space.key}" if get_site().is_cloud else f"/display/{space.key}"


def webui(content: Content, space: Space) -> str:
    """Return the address of a content in the browser."""
    if content.type == "attachment":
        where = f"{content.container_id}%2F{content.id}%2F{quote(content.title, safe='')}"
        return f"/pages/viewpageattachments.action?pageId={content.container_id}&preview=%2F{where}"
    if content.type == "comment":
        page = get_store().contents.get(content.container_id or 0)
        return f"{webui(page, space)}?focusedCommentId={content.id}"
    if get_site().is_cloud and content.id == space.homepage_id:
        return f"/spaces/{space.key}/overview"
    if content.type == "blogpost":
        day = content.created_at.strftime("%Y/%m/%d")
        return f"/spaces/{space.key}/blog/{day}/{content.id}/{quote_plus(content.title)}"
    if content.type in NOT_PAGES:
        return f"/spaces/{space.key}/{content.type}/{content.id}"
    if content.status == "draft":
        return f"/pages/resumedraft.action?draftId={content.id}"
    return f"/spaces/{space.key}/pages/{content.id}/{quote_plus(content.title)}"


def page_links(content: Content, space: Space) -> dict[str, str]:
    """Return the links of a page or blog post: view, edit, short link."""
    links = {"webui": webui(content, space), "tinyui": f"/x/{tiny_key(content.id)}"}
    if get_site().is_cloud:
        links["editui"] = f"/pages/resumedraft.action?draftId={content.id}"
        links["edituiv2"] = f"/spaces/{space.key}/pages/edit-v2/{content.id}"
    else:
        links["edit"] = f"/pages/resumedraft.action?draftId={content.id}"
    return links


def download_path(content: Content) -> str:
    """Return the download address of an attachment at its current version."""
    moment = to_milliseconds(content.updated_at)
    cache = "&cacheVersion=1" if get_site().is_cloud else ""
    name = quote(content.title, safe="")
    return (
        f"/download/attachments/{content.container_id}/{name}"
        f"?version={content.version}&modificationDate={moment}{cache}&api=v2"
    )


def thumbnail_path(content: Content) -> str:
    """Return the address of the thumbnail of an image attachment."""
    return f"/download/thumbnails/{content.container_id}/{quote(content.title, safe='')}?api=v2"
