"""Is a body well-formed storage format? The last question before a write."""

from xml.parsers import expat

from bot.errors import MalformedBodyError


def check_well_formed(body: str) -> None:
    """Raise `MalformedBodyError` unless *body* is a non-empty, well-formed fragment; HTML entities may stand."""
    if not body.strip():
        raise MalformedBodyError("the body is empty")
    parser = expat.ParserCreate()
    parser.UseForeignDTD(True)  # undeclared entities are then skipped, not refused
    parser.ExternalEntityRefHandler = lambda *_: 1
    prefix = "<body>"
    try:
        parser.Parse(f"{prefix}{body}</body>", True)
    except expat.ExpatError as error:
        raise MalformedBodyError(f"the body is not well-formed: {error}") from error
