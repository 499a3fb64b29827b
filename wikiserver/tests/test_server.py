"""The loop of the server."""

import os

from wikiserver.testing import Wiki


class _ClosedByAnotherThread:
    """A socket that is closed after the loop has listed it and before the loop looks at it."""

    accepting = False

    def __init__(self, sockets: dict[int, object]) -> None:
        self.reader, self.writer = os.pipe()
        self.sockets = sockets
        sockets[self.reader] = self

    def readable(self) -> bool:
        del self.sockets[self.reader]
        os.close(self.reader)
        return True

    def writable(self) -> bool:
        return False


def test_client_that_goes_away_does_not_end_the_server(wiki: Wiki) -> None:
    closed = _ClosedByAnotherThread(wiki.server._sockets)
    wiki.server._server.pull_trigger()  # the loop goes round once more
    wiki.server._thread.join(timeout=0.5)  # returns at once if the loop has ended

    with wiki.session() as session:
        assert session.get(f"{wiki.url}/", timeout=10).ok
    assert closed.reader not in wiki.server._sockets
    os.close(closed.writer)
