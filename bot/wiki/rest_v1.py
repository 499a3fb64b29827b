"""The parts of REST v1 that both flavours share: label writes, label search, restrictions."""

from collections.abc import Iterable, Sequence
from typing import Any

from bot.wiki.ask import Ask, escape_part
from bot.wiki.gateway import Restrictions

V1 = "/rest/api"


def labelled(space_key: str, label: str) -> Ask:
    """Ask for the pages of a space that bear a label: the index may be stale, and archived pages are hidden from it."""
    query = f"type = page and space = {_quoted(space_key)} and label = {_quoted(label)}"
    return Ask(f"{V1}/content/search", f"pages labelled {label!r}", {"cql": query, "limit": 200})


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def add_labels(page_id: str, labels: Sequence[str]) -> Ask:
    """Ask to add labels to a page."""
    payload = [{"prefix": "global", "name": label} for label in labels]
    return Ask(
        f"{V1}/content/{escape_part(page_id)}/label", f"labels of page {page_id}", payload=payload, page_id=page_id
    )


def restrictions(page_id: str) -> Ask:
    """Ask who may read and edit a page."""
    subjects = (f"{operation}.restrictions.{kind}" for operation in ("read", "update") for kind in ("user", "group"))
    path = f"{V1}/content/{escape_part(page_id)}/restriction/byOperation"
    return Ask(path, f"restrictions of page {page_id}", {"expand": ",".join(subjects)}, page_id=page_id)


def read_restrictions(answer: object) -> Restrictions:
    """Read who may do what; both flavours keep this in REST v1."""
    operations = answer if isinstance(answer, dict) else {}

    def names(operation: str) -> tuple[str, ...]:
        subjects = operations.get(operation, {}).get("restrictions", {})
        users = _results(subjects.get("user"))
        groups = _results(subjects.get("group"))
        found = [str(user.get("username") or user.get("displayName") or user.get("accountId")) for user in users]
        found += [f"group:{group.get('name')}" for group in groups]
        return tuple(sorted(found))

    return Restrictions(readers=names("read"), editors=names("update"))


def _results(part: object) -> Iterable[dict[str, Any]]:
    found = part.get("results", []) if isinstance(part, dict) else []
    return [item for item in found if isinstance(item, dict)]
