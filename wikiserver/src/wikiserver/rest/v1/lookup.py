"""Look up the content of a v1 request that the caller may see, and read the values in the request."""

from wikiserver.rest.arguments import Json, find_text
from wikiserver.rights import Act, check, check_readable
from wikiserver.site import get_site, get_store, parse_id
from wikiserver.store import Content, InvalidError, NotFoundError


def get_readable(text: str, *, statuses: tuple[str, ...] = ()) -> Content:
    """Return a content by id; restricted content, and content in another status, is reported as not found."""
    hidden = "User not permitted to view content" if get_site().answers_forbidden else "No content found"
    content = check_readable(get_store().contents.find(parse_id(text)), f"{hidden} with id: {text}")
    if statuses and content.status not in statuses:
        raise NotFoundError(f"No content found with id: ContentId{{id={text}}}, status: {','.join(statuses)}")
    return content


def get_editable(text: str, act: Act = "edit") -> Content:
    """Return a content that the caller may change, or to which the caller may do something else."""
    return check(act, get_readable(text), f"User not permitted to {act} content with id: {text}")


def text_of(body: Json, *path: str) -> str | None:
    """Return the text at a path inside a JSON object, or None."""
    return find_text(body, path, shown_as=".".join(path))


def number_of(body: Json, *path: str) -> int | None:
    """Return the integer at a path inside a JSON object; a quoted number is accepted, as in Jackson."""
    text = text_of(body, *path)
    if text is None:
        return None
    if not text.removeprefix("-").isdecimal():
        raise InvalidError(f"{'.'.join(path)} must be a number")
    return int(text)
