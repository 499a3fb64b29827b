"""Compile CQL conditions to SQL on the table `content`, optimised for its indexes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from wikiserver.cql.dates import parse_moment
from wikiserver.cql.parse import Both, Call, Clause, CqlError, Node, Not, Query, Value
from wikiserver.store import Store, User, to_milliseconds

SEARCHABLE: Final = "+content.status = 'current'"

_VERY_MANY: Final = 2000
_FUZZY: Final = {"~", "!~"}
_FUZZY_FIELDS: Final = {"space.title"}
_TYPES: Final = {"page", "blogpost", "comment", "attachment", "folder", "whiteboard", "database", "embed"}
_OTHER_TYPES: Final = {"space", "user", "space_description", "team_description"}
_MAX_ID_DIGITS: Final = 18

_ORDERS: Final = {
    "lastmodified": "content.updated_at",
    "created": "content.created_at",
    "title": "content.title_key",
    "id": "content.id",
    "type": "content.type",
    "space": "content.space_id",
    "creator": "content.creator",
}
# Fields that match few rows: if the query has one of them, the search starts there instead of at all pages.
_SELECTIVE: Final = {"id", "content", "label", "ancestor", "parent", "title", "container", "lastmodified", "created"}


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL of a query: one condition with parameters, and the sort columns with their direction."""

    condition: str
    parameters: tuple[object, ...]
    order: tuple[tuple[str, bool], ...]


def compile_query(query: Query, store: Store, user: User | None) -> Compiled:
    """Return the SQL of *query* for *user*; raises CqlError for unknown fields and functions."""
    compiler = _Compiler(store, user)
    condition, parameters = compiler.node(query.where) if query.where is not None else ("1", ())
    condition = f"({condition}) AND {SEARCHABLE}"
    if not _is_selective(query.where) and not query.order:
        condition = condition.replace("+content.", "content.")
    order = []
    for field, is_descending in query.order:
        if field not in _ORDERS:
            raise CqlError(f"cannot order by '{field}'")
        order.append((_ORDERS[field], is_descending))
    return Compiled(condition, parameters, tuple(order))


def _is_selective(node: Node | None) -> bool:
    if isinstance(node, Clause):
        return node.field in _SELECTIVE and node.operator in {"=", "in", ">", ">="}
    return isinstance(node, Both) and node.word == "and" and any(_is_selective(part) for part in node.parts)


Sql = tuple[str, tuple[object, ...]]


class _Compiler:
    """Compiles one query to SQL."""

    def __init__(self, store: Store, user: User | None) -> None:
        self._store, self._user = store, user

    def node(self, node: Node) -> Sql:
        if isinstance(node, Clause):
            return self._clause(node)
        if isinstance(node, Not):
            condition, parameters = self.node(node.inner)
            return f"NOT ({condition})", parameters
        compiled = [self.node(part) for part in node.parts]
        joined = f" {node.word.upper()} ".join(f"({condition})" for condition, _ in compiled)
        return joined, tuple(value for _, parameters in compiled for value in parameters)

    def _clause(self, clause: Clause) -> Sql:
        field = _ALIASES.get(clause.field, clause.field)
        if field in {"lastmodified", "created"}:
            return self._date(field, clause)
        if field in {"title", "text", "sitesearch"} and clause.operator in {"~", "!~"}:
            return self._negated(clause, self._text(field, self._string(clause.values[0])))
        maker = self._makers().get(field)
        if maker is None:
            raise CqlError(f"No field exists with name : '{clause.field}'")
        if clause.operator not in {"=", "!=", "in", "not in"} | (_FUZZY if field in _FUZZY_FIELDS else set()):
            raise CqlError(f"the operator '{clause.operator}' is not supported for the field '{clause.field}'")
        found = [maker(value) for value in clause.values]
        joined = " OR ".join(f"({condition})" if len(found) > 1 else condition for condition, _ in found)
        return self._negated(clause, (joined, tuple(value for _, parameters in found for value in parameters)))

    def _negated(self, clause: Clause, sql: Sql) -> Sql:
        is_negative = clause.operator in {"!=", "not in", "!~"}
        return (f"NOT ({sql[0]})", sql[1]) if is_negative else sql

    def _makers(self) -> dict[str, Callable[[Value], Sql]]:
        return {
            "type": self._type,
            "space": self._space,
            "space.type": self._space_type,
            "space.title": self._space_title,
            "title": lambda value: ("content.title_key = ?", (self._string(value).casefold(),)),
            "id": lambda value: ("content.id = ?", (self._id(value),)),
            "parent": lambda value: ("content.parent_id = ?", (self._id(value),)),
            "container": lambda value: ("content.container_id = ?", (self._id(value),)),
            "ancestor": self._ancestor,
            "label": self._label,
            "creator": lambda value: ("content.creator = ?", (self._account(value),)),
            "contributor": self._contributor,
            "watcher": self._watcher,
            "mention": lambda value: self._body_like(f'%ri:account-id="{self._account(value)}"%'),
            "macro": lambda value: self._body_like(f'%ac:name="{self._string(value)}"%'),
            "favourite": lambda _: ("0", ()),
        }

    def _string(self, value: Value) -> str:
        if not isinstance(value, Call):
            return value
        raise CqlError(f"the function {value.name}() is not supported here")

    def _id(self, value: Value) -> int:
        text = self._string(value).removeprefix("att")
        if not text.isdecimal() or len(text) > _MAX_ID_DIGITS:
            raise CqlError(f"{text!r} is not a content id")
        return int(text)

    def _account(self, value: Value) -> str:
        if isinstance(value, Call) and value.name == "currentuser":
            return self._user.account_id if self._user is not None else ""
        text = self._string(value)
        user = self._store.people.find(text)
        return user.account_id if user is not None else text

    def _type(self, value: Value) -> Sql:
        kind = self._string(value).lower()
        if kind not in _TYPES | _OTHER_TYPES:
            raise CqlError(f"'{kind}' is not a type of content")
        return "+content.type = ?", (kind,)

    def _space(self, value: Value) -> Sql:
        space = self._store.spaces.find_by_key(self._string(value))
        return "+content.space_id = ?", (space.id if space is not None else -1,)

    def _space_type(self, value: Value) -> Sql:
        kind = {"favourite": "", "favorite": ""}.get(self._string(value), self._string(value))
        return "content.space_id IN (SELECT id FROM spaces WHERE type = ?)", (kind,)

    def _space_title(self, value: Value) -> Sql:
        wanted = f"%{_escape_like(self._string(value))}%"
        return "content.space_id IN (SELECT id FROM spaces WHERE name LIKE ? ESCAPE '\\')", (wanted,)

    def _ancestor(self, value: Value) -> Sql:
        return self._within("descendant_id", "closure", "ancestor_id = ? AND depth > 0", self._id(value))

    def _label(self, value: Value) -> Sql:
        prefix, _, name = self._string(value).casefold().rpartition(":")
        label = self._store.labels.find(name, prefix or "global")
        return self._within("content_id", "content_labels", "label_id = ?", label.id if label is not None else -1)

    def _within(self, column: str, table: str, where: str, key: int) -> Sql:
        """Return the condition that a content is in an index: EXISTS if the index has very many rows, else IN."""
        if self._store.contents.is_many(table, where, key, _VERY_MANY):
            return f"EXISTS (SELECT 1 FROM {table} WHERE {where} AND {column} = content.id)", (key,)
        return f"content.id IN (SELECT {column} FROM {table} WHERE {where})", (key,)

    def _contributor(self, value: Value) -> Sql:
        return "content.id IN (SELECT content_id FROM versions WHERE author = ?)", (self._account(value),)

    def _watcher(self, value: Value) -> Sql:
        watched = "SELECT CAST(target AS INTEGER) FROM watches WHERE kind = 'content' AND account_id = ?"
        return f"content.id IN ({watched})", (self._account(value),)

    def _text(self, field: str, text: str) -> Sql:
        words = text.strip('"').split()
        if not words:
            raise CqlError(f"there is no text to look for in '{field}'")
        found = [self._word(field, word) for word in words]
        return " AND ".join(condition for condition, _ in found), tuple(p for _, values in found for p in values)

    def _word(self, field: str, word: str) -> Sql:
        pattern = f"%{_escape_like(word.casefold()).replace('*', '%').replace('?', '_')}%"
        title = "content.title_key LIKE ? ESCAPE '\\'"
        if field == "title":
            return title, (pattern,)
        body, parameters = self._body_like(pattern)
        return f"({title} OR {body})", (pattern, *parameters)

    def _body_like(self, pattern: str) -> Sql:
        current = "v.content_id = content.id AND v.number = content.version"
        return f"EXISTS (SELECT 1 FROM versions v WHERE {current} AND v.body LIKE ? ESCAPE '\\')", (pattern,)

    def _date(self, field: str, clause: Clause) -> Sql:
        column = _ORDERS[field]
        if len(clause.values) != 1 or clause.operator in {"in", "not in", "~", "!~"}:
            raise CqlError(f"the operator '{clause.operator}' is not supported for the field '{clause.field}'")
        moment, length = parse_moment(clause.values[0], self._store.clock())
        start, end = to_milliseconds(moment), to_milliseconds(moment + length)
        match clause.operator:
            case "=":
                return f"{column} >= ? AND {column} < ?", (start, end)
            case "!=":
                return f"NOT ({column} >= ? AND {column} < ?)", (start, end)
            case ">":
                return f"{column} >= ?", (start if isinstance(clause.values[0], Call) else end,)
            case "<=":
                return f"{column} < ?", (end,)
        return f"{column} {clause.operator} ?", (start,)


_ALIASES: Final = {
    "content": "id",
    "space.key": "space",
    "lastmodified": "lastmodified",
    "user": "contributor",
    "favorite": "favourite",
    "creator.accountid": "creator",
    "contributor.accountid": "contributor",
}


def _escape_like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
