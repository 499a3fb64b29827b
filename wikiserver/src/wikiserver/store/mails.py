"""A record of the mails that the wiki would send to the watchers of pages and spaces."""

from collections import deque
from typing import Final, NamedTuple

from wikiserver.store.contents import Contents
from wikiserver.store.extras import Watches
from wikiserver.store.spaces import Spaces
from wikiserver.store.values import Content

_MAX_KEPT: Final = 10_000


class Mail(NamedTuple):
    """One write that people are told about; *recipients* are account ids."""

    content_id: int
    version: int
    type: str
    recipients: tuple[str, ...]


class Mails:
    """Nothing is sent. *honours_minor* is False on Cloud, which sends mails for minor edits too."""

    def __init__(self, contents: Contents, watches: Watches, spaces: Spaces) -> None:
        self._contents, self._watches, self._spaces = contents, watches, spaces
        self.honours_minor = True
        self.sent: deque[Mail] = deque(maxlen=_MAX_KEPT)

    def announce(self, content: Content) -> None:
        """Record who would get a mail about the newest version of a content: the watchers but its author."""
        if content.status != "current" or (content.is_minor and self.honours_minor):
            return
        page = content
        while page.container_id is not None:
            page = self._contents.get(page.container_id)
        people = {*self._watches.watchers("content", str(page.id))}
        people |= {*self._watches.watchers("space", self._spaces.get(page.space_id).key)}
        recipients = tuple(sorted(people - {content.updater}))
        if recipients:
            self.sent.append(Mail(content.id, content.version, content.type, recipients))
