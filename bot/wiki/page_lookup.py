"""Find the page that a person names, or explain why there is none."""

from collections.abc import Iterable

from bot.errors import PageNotFoundError, WikiError
from bot.storage.addresses import may_be_id, stated_title
from bot.suggestion import similar_words
from bot.wiki.gateway import PageRef, PageStatus, WikiGateway

POSSIBLE_REASONS = "it may have been renamed, deleted or restricted for the bot's account"


def find_home(gateway: WikiGateway, space_key: str, reference: str) -> PageRef:
    """Return the page with that title or id in the space; raises `PageNotFoundError`, `WikiError`."""
    ref = gateway.find_page(space_key, stated_title(reference))
    if ref is None and may_be_id(reference):
        ref = gateway.fetch_page(reference).ref
    if ref is None:
        titles = (page.title for page in gateway.iter_refs(space_key))
        reason = explain_missing(gateway, space_key, reference, remembered=None, titles=titles)
        raise PageNotFoundError(reference, space_key=space_key, reason=reason)
    if ref.space_key != space_key:
        raise WikiError(f"page {ref.title!r} is in space {ref.space_key}, not in {space_key}")
    return ref


def explain_missing(
    gateway: WikiGateway, space_key: str, reference: str, *, remembered: str | None, titles: Iterable[str]
) -> str:
    """Return why *reference* finds no page and what to do: the page is in the trash, or similar *titles*; else "".

    *remembered* is the id of the page that had this title when it was last seen. The wiki answers alike for a page that
    is deleted and a page that is hidden from the account.
    """
    title = stated_title(reference)
    ref = _find_trashed(gateway, space_key, reference, remembered)
    if ref is not None:
        return f"page {ref.title!r} (id {ref.id}) is in the trash; restore it, or name another page"
    similar = similar_words(title, titles)
    if similar:
        return f"did you mean {' or '.join(map(repr, similar))}?"
    return f"it was last seen as page {remembered}; {POSSIBLE_REASONS}" if remembered else ""


def _find_trashed(gateway: WikiGateway, space_key: str, reference: str, remembered: str | None) -> PageRef | None:
    for page_id in filter(None, (remembered, reference if may_be_id(reference) else None)):
        try:
            ref = gateway.fetch_page(page_id).ref
        except PageNotFoundError:
            continue
        if ref.status is PageStatus.TRASHED:
            return ref
    return gateway.find_trashed(space_key, stated_title(reference))
