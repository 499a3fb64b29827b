"""The parts of REST v1 that both flavours share: label writes, label search, restrictions."""

from collections.abc import Sequence

from bot.wiki.answers import Shape, Text, read_shape
from bot.wiki.ask import Ask, escape_part
from bot.wiki.gateway import Restrictions

V1 = "/rest/api"


def labelled(space_key: str, label: str) -> Ask:
    """Ask for the pages of a space that bear a label: the index may be stale, and archived pages are hidden from it."""
    query = f"type = page and space = {_quoted(space_key)} and label = {_quoted(label)}"
    return Ask(f"{V1}/content/search", f"pages labelled {label!r}", {"cql": query, "limit": 200})


def titled_like(space_key: str, words: str) -> Ask:
    """Ask for the pages of a space whose titles contain words that begin like *words*, from the search index."""
    terms = [f"title ~ {_quoted(word + '*')}" for word in words.split()]
    query = " and ".join(["type = page", f"space = {_quoted(space_key)}", *terms])
    return Ask(f"{V1}/content/search", f"pages titled like {words!r}", {"cql": query, "limit": 25})


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def add_labels(page_id: str, labels: Sequence[str]) -> Ask:
    """Ask to add labels to a page."""
    payload = [{"prefix": "global", "name": label} for label in labels]
    return Ask(
        f"{V1}/content/{escape_part(page_id)}/label", f"labels of page {page_id}", payload=payload, page_id=page_id
    )


class _Label(Shape):
    name: str


def read_label(answer: object, about: str) -> str:
    """Return the name of a label; v1 and v2 show it alike."""
    return read_shape(_Label, answer, about).name


def restrictions(page_id: str) -> Ask:
    """Ask who may read and edit a page.

    Data Center documents `read.restrictions.user`, Cloud `restrictions.user`; each passes over what it does not know.
    """
    subjects = (f"{of}restrictions.{kind}" for of in ("read.", "update.", "") for kind in ("user", "group"))
    path = f"{V1}/content/{escape_part(page_id)}/restriction/byOperation"
    return Ask(path, f"restrictions of page {page_id}", {"expand": ",".join(subjects)}, page_id=page_id)


class _Subject(Shape):
    username: Text = ""
    displayName: Text = ""  # noqa: N815 -- the API's name
    accountId: Text = ""  # noqa: N815
    name: Text = ""


class _Subjects(Shape):
    results: list[_Subject]


class _Kinds(Shape):
    user: _Subjects
    group: _Subjects


class _Operation(Shape):
    restrictions: _Kinds


class _Operations(Shape):
    """Nothing here has a default: what was not expanded must not pass for "open to everyone"."""

    read: _Operation
    update: _Operation


def read_restrictions(answer: object, about: str) -> Restrictions:
    """Read who may do what; both flavours keep this in REST v1."""
    operations = read_shape(_Operations, answer, about)
    return Restrictions(readers=_names(operations.read), editors=_names(operations.update))


def _names(operation: _Operation) -> tuple[str, ...]:
    users = (user.username or user.displayName or user.accountId for user in operation.restrictions.user.results)
    groups = (f"group:{group.name}" for group in operation.restrictions.group.results)
    return tuple(sorted((*users, *groups)))
