"""Parse CQL to a tree of conditions."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from wikiserver.store import InvalidError


class CqlError(InvalidError):
    """The query is not valid CQL, or uses an unknown field or function."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"Could not parse cql : {detail}")


@dataclass(frozen=True, slots=True)
class Call:
    """A function as a value: `currentUser()`, `now("-4w")`."""

    name: str
    arguments: tuple[str, ...]


Value = str | Call


@dataclass(frozen=True, slots=True)
class Clause:
    """One condition: field, operator, values (more than one with `in`)."""

    field: str
    operator: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """A negated condition."""

    inner: "Node"


@dataclass(frozen=True, slots=True)
class Both:
    """Conditions joined by `and` or by `or`."""

    word: str
    parts: tuple["Node", ...]


Node = Clause | Not | Both


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query; *order* contains (field, is descending)."""

    where: Node | None
    order: tuple[tuple[str, bool], ...]


_TOKEN: Final = re.compile(
    r"""\s*(?:
      (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<operator>!=|>=|<=|!~|=|>|<|~)
    | (?P<mark>[(),])
    | (?P<word>[^\s"'=<>!~(),]+)
    )""",
    re.VERBOSE,
)


def parse_cql(text: str) -> Query:
    """Parse the query *text*; raises CqlError with the position of the error."""
    return _Parser(text).query()


class _Parser:
    """Recursive-descent parser; `or` has the lowest precedence, then `and`, then `not`."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(_tokens(text))
        self._place = 0

    def query(self) -> Query:
        where = None if self._is_word("order") or self._kind() == "end" else self._either()
        order: tuple[tuple[str, bool], ...] = ()
        if self._take_word("order"):
            if not self._take_word("by"):
                raise self._error("expected 'by'")
            order = self._order()
        if self._kind() != "end":
            raise self._error("unexpected")
        return Query(where, order)

    def _order(self) -> tuple[tuple[str, bool], ...]:
        found = []
        while True:
            field = self._next("word").lower()
            is_descending = self._take_word("desc")
            if not is_descending:
                self._take_word("asc")
            found.append((field, is_descending))
            if not self._take(","):
                return tuple(found)

    def _either(self) -> Node:
        return self._joined("or", lambda: self._joined("and", self._one))

    def _joined(self, word: str, part: Callable[[], Node]) -> Node:
        parts = [part()]
        while self._take_word(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Both(word, tuple(parts))

    def _one(self) -> Node:
        if self._take_word("not"):
            return Not(self._one())
        if self._take("("):
            inner = self._either()
            self._expect(")")
            return inner
        return self._clause()

    def _clause(self) -> Clause:
        field = self._next("word").lower()
        if self._take_word("not"):
            if not self._take_word("in"):
                raise self._error("expected 'in'")
            return Clause(field, "not in", self._list())
        if self._take_word("in"):
            return Clause(field, "in", self._list())
        return Clause(field, self._next("operator"), (self._value(),))

    def _list(self) -> tuple[Value, ...]:
        self._expect("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._expect(")")
        return tuple(values)

    def _value(self) -> Value:
        if self._kind() == "string":
            return self._next("string")
        word = self._next("word")
        if not self._take("("):
            return word
        arguments = []
        while not self._take(")"):
            arguments.append(self._next(self._kind()))
            self._take(",")
        return Call(word.lower(), tuple(arguments))

    def _kind(self) -> str:
        return self._tokens[self._place][0]

    def _is_word(self, word: str) -> bool:
        kind, text = self._tokens[self._place]
        return kind == "word" and text.lower() == word

    def _take_word(self, word: str) -> bool:
        if self._is_word(word):
            self._place += 1
            return True
        return False

    def _take(self, mark: str) -> bool:
        if self._tokens[self._place] == ("mark", mark):
            self._place += 1
            return True
        return False

    def _expect(self, mark: str) -> None:
        if not self._take(mark):
            raise self._error(f"expected '{mark}'")

    def _next(self, kind: str) -> str:
        found, text = self._tokens[self._place]
        if found != kind or found in {"end", "mark"}:
            raise self._error(f"expected a {kind}")
        self._place += 1
        return text

    def _error(self, problem: str) -> CqlError:
        kind, text = self._tokens[self._place]
        return CqlError(f"{problem} at {'the end' if kind == 'end' else repr(text)} in {self._text!r}")


def _tokens(text: str) -> list[tuple[str, str]]:
    found, place = [], 0
    while text[place:].strip():
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise CqlError(f"unexpected {text[place:].strip()[:20]!r} in {text!r}")
        token = match[match.lastgroup]
        if match.lastgroup == "string":
            token = re.sub(r"\\(.)", r"\1", token[1:-1])
        found.append((match.lastgroup, token))
        place = match.end()
    return [*found, ("end", "")]
