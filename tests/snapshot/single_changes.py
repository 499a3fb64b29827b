"""What people can change in a small wiki, one thing at a time; nothing else of the page changes with it."""

from collections.abc import Callable, Mapping

from tests.snapshot.small_wiki import ANA, LI, SmallWiki
from wikiserver.store.people import account_id_of

BOT = account_id_of("bot")


def _comment(wiki: SmallWiki) -> None:
    wiki.store.comments.add(wiki.ids["会议记录"], "<p>New.</p>", author=LI)


def _reply(wiki: SmallWiki) -> None:
    first = next(iter(wiki.store.comments.of(wiki.ids["Minutes"])))
    wiki.store.comments.add(wiki.ids["Minutes"], "<p>And so.</p>", author=LI, parent_id=first.id)


def _inline_comment(wiki: SmallWiki) -> None:
    page_id = wiki.ids["会议记录"]
    wiki.store.comments.add(page_id, "<p>Who?</p>", author=LI, marker_ref="b1", selection="text")


def _resolve(wiki: SmallWiki) -> None:
    (comment,) = wiki.store.comments.of(wiki.ids["Final report"], location="inline")
    wiki.store.comments.resolve(comment.id, is_resolved=True, by=LI)


def _edit_comment(wiki: SmallWiki) -> None:
    first = next(iter(wiki.store.comments.of(wiki.ids["Minutes"])))
    wiki.store.comments.update(first.id, "<p>Other words.</p>", number=None, author=LI)


def _delete_comment(wiki: SmallWiki) -> None:
    (comment,) = wiki.store.comments.of(wiki.ids["Final report"], location="inline")
    wiki.store.comments.delete(comment.id)


def _replace_file(wiki: SmallWiki) -> None:
    file = next(iter(wiki.store.attachments.of(wiki.ids["Old plan"])))
    wiki.store.attachments.replace(file.id, b"other", author=LI)


def _delete_file(wiki: SmallWiki) -> None:
    file = next(iter(wiki.store.attachments.of(wiki.ids["Old plan"])))
    wiki.store.pages.purge(file.id)


def _whiteboard(wiki: SmallWiki) -> None:
    space = wiki.store.spaces.get_by_key("WS2")
    wiki.store.pages.create(space.id, "Board", "", author=ANA, parent_id=wiki.ids["Attic"], kind="whiteboard")


EVERYWHERE: Mapping[str, Callable[[SmallWiki], object]] = {
    "text": lambda wiki: wiki.edit("会议记录", "<p>other</p>"),
    "title": lambda wiki: wiki.store.pages.update(wiki.ids["会议记录"], author=LI, title="Renamed"),
    "page": lambda wiki: wiki.add("Fresh", "<p>fresh</p>", under="Attic", label=""),
    "page with the label": lambda wiki: wiki.add("Fresh", "<p>fresh</p>"),
    "place": lambda wiki: wiki.store.pages.set_parent(wiki.ids["会议记录"], wiki.ids["Attic"]),
    "deleted page": lambda wiki: wiki.store.pages.trash(wiki.ids["会议记录"]),
    "label": lambda wiki: wiki.store.labels.add(wiki.ids["会议记录"], "new"),
    "removed label": lambda wiki: wiki.store.labels.remove(wiki.ids["Minutes"], "board"),
    "label of the rule": lambda wiki: wiki.store.labels.add(wiki.ids["Home"], "archived"),
    "first page with a label": lambda wiki: wiki.store.labels.add(wiki.ids["Home"], "obsolete"),
    "editors": lambda wiki: wiki.store.restrictions.add(wiki.ids["会议记录"], "update", "user", BOT),
    "readers": lambda wiki: wiki.store.restrictions.add(wiki.ids["会议记录"], "read", "user", BOT),
    "file": lambda wiki: wiki.store.attachments.add(wiki.ids["会议记录"], "n.txt", b"new", author=LI),
    "version of a file": _replace_file,
    "deleted file": _delete_file,
    "comment": _comment,
    "reply": _reply,
    "inline comment": _inline_comment,
    "resolved comment": _resolve,
    "edited comment": _edit_comment,
    "deleted comment": _delete_comment,
}
ON_CLOUD: Mapping[str, Callable[[SmallWiki], object]] = {
    "status": lambda wiki: wiki.store.pages.set_status(wiki.ids["会议记录"], "archived"),
    "whiteboard": _whiteboard,
    "folder": lambda wiki: wiki.store.pages.update(wiki.ids["Attic"], author=LI, title="Loft"),
}
