"""Strict YAML loading with the position of every value, for error messages and edits."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from bot.config.known_keys import explain_unknown_key
from bot.config.plain_yaml import read_plain
from bot.errors import LocatedError
from bot.file_trust import raise_if_writable_by_all
from bot.files import read_file

Location = tuple[str | int, ...]
"""The path from the root of a file to a value: keys and positions."""

_Model = TypeVar("_Model", bound=BaseModel)

_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)")
_CONFLICT = re.compile(r"^(?:<{7}|>{7}) .*$", re.MULTILINE)
_MAX_BYTES = 4_000_000
_MAX_VALUES = 100_000
_MAX_PROBLEMS_SHOWN = 5
_LONGEST_WORD = len("false")
"""The words that are not text, `true`, `false` and `null`, are not longer."""
_TEXT_TAG = "tag:yaml.org,2002:str"


@dataclass(frozen=True)
class YamlSource:
    """A YAML file as text, as plain values, and as nodes with offsets in the text."""

    path: Path
    text: str
    value: object
    _make_root: Callable[[], Node | None]

    @cached_property
    def root(self) -> Node | None:
        """The node of the whole file; None if the file is empty. Only messages and edits need nodes."""
        return self._make_root()

    def node_at(self, location: Location) -> Node | None:
        """Return the node of the value at *location*; None if the file does not contain the value."""
        node = self.root
        for step in location:
            node = None if node is None else child_of(node, step)
        return node

    def line_of(self, location: Location) -> int | None:
        """Return the line, counted from 1, of the value at *location* or of its nearest ancestor in the file."""
        for length in range(len(location), -1, -1):
            node = self.node_at(location[:length])
            if node is not None:
                return int(node.start_mark.line) + 1
        return None


def load_yaml(path: Path, error: type[LocatedError]) -> YamlSource:
    """Load a YAML file; raises *error* with the line for every problem."""
    return parse_yaml(read_text(path, error), path=path, error=error)


def read_text(path: Path, error: type[LocatedError]) -> str:
    """Read a YAML file as text.

    Raises *error* for a file that cannot be read, that every account of the machine can write, that is too large or
    not UTF-8.
    """
    raise_if_writable_by_all(path, error)
    try:
        data = read_file(path, max_bytes=_MAX_BYTES)
    except OSError as problem:
        raise error(f"cannot be read: {problem.strerror}", path=path) from problem
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise error("is not UTF-8; save it in that encoding", path=path, line=line) from problem


def parse_yaml(text: str, *, path: Path, error: type[LocatedError]) -> YamlSource:
    """Parse *text* strictly: no duplicate keys, no custom tags, no alias bombs. *path* is for messages."""
    plain = read_plain(text, _resolve_plain, max_values=_MAX_VALUES)
    if plain is not None:
        return YamlSource(path, text, plain.value, plain.make_root)
    return _parse_all(text, path=path, error=error)


def _raise_if_in_conflict(text: str, *, path: Path, error: type[LocatedError]) -> None:
    conflict = _CONFLICT.search(text)
    if conflict is not None:
        line = text.count("\n", 0, conflict.start()) + 1
        raise error("is in a merge conflict of git; keep what is right, and remove the marks", path=path, line=line)


def _parse_all(text: str, *, path: Path, error: type[LocatedError]) -> YamlSource:
    """Parse *text*, whatever it contains; raises *error* for every problem."""
    _raise_if_in_conflict(text, path=path, error=error)
    yaml = _make_reader()
    root: Node | None = None
    try:
        root = yaml.compose(text)
        if root is not None and _count_values(root, {}) > _MAX_VALUES:
            raise error(f"expands to more than {_MAX_VALUES} values; are there aliases within aliases?", path=path)
        value = None if root is None else yaml.constructor.construct_document(root)
    except MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = None if mark is None else int(mark.line) + 1
        raise error(_explain(problem), path=path, line=line) from problem
    except ReaderError as problem:
        line = text.count("\n", 0, problem.position) + 1
        raise error(
            f"contains U+{ord(text[problem.position]):04X}, which is not allowed in YAML", path=path, line=line
        ) from problem
    except RecursionError as problem:
        raise error("is nested too deeply", path=path) from problem
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError) as problem:
        # The constructor of the library raises these for values such as `!!int` without digits, or a list as a key.
        what = str(problem) or type(problem).__name__
        raise error(f"contains an invalid value: {what}", path=path, line=_line_of_bad(root)) from problem
    return YamlSource(path, text, value, lambda: root)


class _PlainIntegers(SafeConstructor):
    """Reads `0x1F`, `0o17`, `007` and `1_000` as the text that people see: `page: 007` is not page 7."""

    def construct_yaml_int(self, node: ScalarNode) -> Any:
        text = str(self.construct_scalar(node))
        return int(text) if _DECIMAL.fullmatch(text) else text


_PlainIntegers.add_constructor("tag:yaml.org,2002:int", _PlainIntegers.construct_yaml_int)


@lru_cache(maxsize=10_000)
def _resolve_plain(text: str) -> tuple[str, Any]:
    """Return tag and value of a scalar without quotes; raises `ValueError` and others for a bad value."""
    if text[0] not in _reader.resolver.versioned_resolver or (text[0].isalpha() and len(text) > _LONGEST_WORD):
        return _TEXT_TAG, text
    tag = _reader.resolver.resolve(ScalarNode, text, (True, False))
    return tag, _reader.constructor.construct_document(ScalarNode(tag, text, None, None))


def _make_reader() -> YAML:
    yaml = YAML(typ="safe", pure=True)
    yaml.Constructor = _PlainIntegers
    return yaml


_reader = _make_reader()


def validate(model: type[_Model], source: YamlSource, error: type[LocatedError]) -> _Model:
    """Validate *source* as a *model*; raises *error* with one line for each problem."""
    try:
        return model.model_validate({} if source.value is None else source.value)
    except ValidationError as problem:
        raise describe_problems(problem, source, model, error) from problem


def describe_problems(
    problem: ValidationError,
    source: YamlSource,
    model: type[BaseModel],
    error: type[LocatedError],
    *,
    elsewhere: Callable[[Location], str] | None = None,
) -> LocatedError:
    """Return the problems of *source* as one *error*, with one line for each problem, with file and line.

    *elsewhere* names the origin of a value that is not in the file, such as an environment variable.
    """
    details = sorted(problem.errors(include_url=False), key=lambda detail: source.line_of(detail["loc"]) or 0)
    lines = [f"{_place(detail, source, elsewhere)}: {_say(detail, model)}" for detail in details[:_MAX_PROBLEMS_SHOWN]]
    if len(details) > _MAX_PROBLEMS_SHOWN:
        lines.append(f"and {len(details) - _MAX_PROBLEMS_SHOWN} more")
    found = error("\n".join(lines))
    found.path, found.line = source.path, source.line_of(details[0]["loc"]) or 1
    return found


def _place(detail: ErrorDetails, source: YamlSource, elsewhere: Callable[[Location], str] | None) -> str:
    location = detail["loc"]
    if elsewhere and location and detail["type"] != "missing" and source.node_at(location) is None:
        return elsewhere(location)
    return f"{source.path}:{source.line_of(location) or 1}"


def child_of(node: Node, step: str | int) -> Node | None:
    """Return the node under a key of a mapping, or at a position of a sequence; None if there is none."""
    if isinstance(node, MappingNode):
        return next((value for key, value in node.value if key.value == str(step)), None)
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        found: Node = node.value[step]
        return found
    return None


def _children(node: Node) -> Iterator[Node]:
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield from (key, value)
    elif isinstance(node, SequenceNode):
        yield from node.value


def _count_values(node: Node, known: dict[int, int]) -> int:
    """Count the values to which *node* expands; each node is visited once, independent of the number of aliases."""
    if id(node) not in known:
        known[id(node)] = _MAX_VALUES + 1  # an alias of an ancestor expands infinitely
        known[id(node)] = 1 + sum(_count_values(child, known) for child in _children(node))
    return known[id(node)]


def _line_of_bad(node: Node | None) -> int | None:
    """Return the line of the first value that cannot be constructed, such as a date in month 13."""
    if isinstance(node, ScalarNode):
        return None if _is_constructible(node) else int(node.start_mark.line) + 1
    found = (_line_of_bad(child) for child in _children(node)) if node is not None else ()
    bad = next((line for line in found if line is not None), None)
    if bad is None and node is not None and not _is_constructible(node):
        return int(node.start_mark.line) + 1
    return bad


def _is_constructible(node: Node) -> bool:
    try:
        YAML(typ="safe", pure=True).constructor.construct_document(node)
    except (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, MarkedYAMLError):
        return False
    return True


def _explain(problem: MarkedYAMLError) -> str:
    text = str(problem.problem or problem.context or "is not YAML")
    if "'\\t'" in text:
        return "a tab indents this line; use spaces"
    if "constructor for the tag" in text:
        return "a tag (!…) is not allowed; use a plain value"
    if "mapping values are not allowed" in text:
        return "a second ': ' is on this line; put the text in quotes"
    return text


def _say(detail: ErrorDetails, model: type[BaseModel]) -> str:
    where = ".".join(str(step) for step in detail["loc"])
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        message = explain_unknown_key(model, detail["loc"])
    elif detail["type"] == "missing":
        message = "is missing"
    elif detail["type"] == "string_type":
        message = "must be text; put it in quotes"
    elif detail["type"] == "too_short":
        message = "must have at least one entry"
    return f"{where}: {message}" if where else message
