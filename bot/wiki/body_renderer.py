"""Let the wiki render a text that is not written: a preview of a page."""

from collections.abc import Callable

from bot.errors import WikiUnreachableError
from bot.storage.reader import check_syntax
from bot.wiki import rest_v1
from bot.wiki.dialect import Dialect
from bot.wiki.gateway import PageRef
from bot.wiki.rest_client import RestClient

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_WAIT_SECONDS = 8.0


class BodyRenderer:
    """Renders storage format as HTML; waits for a conversion that the wiki makes in the background."""

    def __init__(self, client: RestClient, dialect: Dialect, sleep: Callable[[float], None]) -> None:
        self._client, self._dialect, self._sleep = client, dialect, sleep

    def render(self, body: str, page: PageRef) -> str:
        """Return *body* as HTML, as the wiki shows it on *page*. Raises `MalformedBodyError` before any request."""
        check_syntax(body)
        state = self._client.send(self._dialect.conversion(body, page))
        pause, waited = _FIRST_PAUSE_SECONDS, 0.0
        while state.html is None and state.task_id is not None and waited < _LONGEST_WAIT_SECONDS:
            pause = min(pause, _LONGEST_WAIT_SECONDS - waited)
            self._sleep(pause)
            waited, pause = waited + pause, 2 * pause
            state = self._client.send(rest_v1.conversion_result(state.task_id))
        if state.html is None:
            raise WikiUnreachableError(
                f"the rendering of page {page.id}: the wiki did not finish within {_LONGEST_WAIT_SECONDS:.0f} s"
            )
        return state.html
