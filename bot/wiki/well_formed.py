"""Is a body well-formed storage format? The last question before a write."""

from xml.parsers import expat

from bot.errors import MalformedBodyError


def check_well_formed(body: str, *, what: str = "the page") -> None:
    """Raise `MalformedBodyError` unless *body* is a non-empty, well-formed fragment; HTML entities may stand.

    An empty body is refused since an answer that was cut, or a draft never published, reads like one.
    """
    if not body.strip():
        raise MalformedBodyError(f"{what}: its body is empty; type something on it first")
    parser = expat.ParserCreate()
    parser.UseForeignDTD(True)  # undeclared entities are then skipped, not refused
    parser.ExternalEntityRefHandler = lambda *_: 1
    try:
        parser.Parse(f"<body>{body}</body>", True)
    except expat.ExpatError as error:
        raise MalformedBodyError(f"{what}: its body is not well-formed: {error}") from error
