"""Look up the content of a v2 request that the caller may see, and read the values in the request."""

from wikiserver.rest.arguments import Json, find_text
from wikiserver.rights import Act, check, check_readable, check_space
from wikiserver.site import MAX_ID, get_store
from wikiserver.store import Content, InvalidError, NotFoundError, Space


def parse_number(text: str, name: str = "id") -> int:
    """Return an id of the path; v2 answers 400 if it is not a number."""
    digits = text.removeprefix("att")
    if not digits.isdecimal() or int(digits) > MAX_ID:
        message = f"Provided value {{{text}}} for '{name}' is not the correct type. Expected type is Long"
        raise InvalidError(message)
    return int(digits)


def get_readable(text: str, kind: str = "page") -> Content:
    """Return a content of one type by id; a restricted content is reported as not found."""
    message = f"Not Found: no {kind} with id {text}"
    content = get_store().contents.find(parse_number(text))
    if content is None or content.type != kind:
        raise NotFoundError(message)
    return check_readable(content, message)


def get_editable(text: str, kind: str = "page", act: Act = "edit") -> Content:
    """Return a content of one type that the caller may change, or to which the caller may do something else."""
    return check(act, get_readable(text, kind), f"Not Found: no {kind} with id {text}")


def visible_space(text: str, name: str = "id") -> Space:
    """Return a space by id; a space that the caller may not see is reported as not found."""
    number = parse_number(text, name)
    return check_space(get_store().spaces.find(number), f"No space found with id: {number}")


def readable_parent(text: str) -> Content:
    """Return a content, of any type, below which the caller may create and move content."""
    message = f"Not Found: no content with id {text}"
    return check("add", check_readable(get_store().contents.find(parse_number(text, "parentId")), message), message)


def text_of(body: Json, name: str, *, required: bool = False) -> str | None:
    """Return a string of a request body."""
    text = find_text(body, (name,), shown_as=f"'{name}'")
    if text is None and required:
        raise InvalidError(f"'{name}' is required")
    return text


def version_of(body: Json, *, required: bool = True) -> tuple[int | None, str]:
    """Return the version number and message of a request."""
    version = body.get("version")
    number = version.get("number") if isinstance(version, dict) else None
    if number is None and not required:
        return None, ""
    if not isinstance(number, int) or isinstance(number, bool):
        raise InvalidError("'version.number' is required and must be a number")
    return number, str(version.get("message") or "") if isinstance(version, dict) else ""
