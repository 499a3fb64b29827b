"""Follow the wiki's listings to their end: `next` as both dialects give it, and a guard against endless ones."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from bot.errors import WikiAnswerError

_MAX_REQUESTS = 20_000


def iter_results(
    first_path: str, fetch: Callable[[str], Any], *, base_url: str, about: str
) -> Iterator[dict[str, Any]]:
    """Yield the results of a listing, page by page, until the wiki names no next page.

    The limit that was asked for decides nothing: servers cap it. *fetch* takes a path relative to *base_url*.
    """
    path: str | None = first_path
    seen: set[str] = set()
    while path is not None:
        if path in seen or len(seen) >= _MAX_REQUESTS:
            raise WikiAnswerError(f"{about}: the wiki's listing does not end: it leads back to where it was")
        seen.add(path)
        answer = fetch(path)
        results = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(results, list) or not all(isinstance(item, dict) for item in results):
            raise WikiAnswerError(f"{about}: the wiki's answer is not as promised: it holds no list of results")
        yield from results
        path = next_path(answer, base_url)


def next_path(answer: dict[str, Any], base_url: str) -> str | None:
    """Return the path of the next page relative to *base_url*, None on the last one.

    v1 gives it relative to `_links.base`; v2 relative to the host, with the context path in it. Host names in it are
    never followed: a wiki behind a proxy may know itself by another name, and credentials stay with the one we know.
    """
    links = answer.get("_links")
    if not isinstance(links, dict) or not links.get("next"):
        return None
    try:
        parts = urlsplit(str(links["next"]))
        contexts = [urlsplit(base).path.rstrip("/") for base in (str(links.get("base") or ""), base_url)]
    except ValueError as error:
        raise WikiAnswerError(f"the wiki's listing goes on at a place that is no address: {links['next']!r}") from error
    path = "/" + parts.path.lstrip("/")
    for context in contexts:
        if context and path.startswith(context + "/"):
            path = path[len(context) :]
            break
    return f"{path}?{parts.query}" if parts.query else path
