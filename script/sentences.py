"""Find the English sentences of the operations that the desk shows in other languages: an extraction method of Babel.

A sentence that is made with values has `{1}`, `{2}` … in their place. `bot/desk/sentences.py` recognises it by that.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from typing import IO

from bot.desk.sentences import CONTEXT
from bot.plural import counted

_MAKERS = {
    "Check",
    "_judge",
    "_ok",
    "_not_tried",
    "_attempt",
    "_ManualStep",
    "_examine_folder",
    "_examine_file",
    "compare_texts",
}
"""Functions whose texts are shown."""
_VARIABLES = {
    "message",
    "reason",
    "said",
    "listed",
    "which",
    "because",
    "names",
    "examinations",
    "side",
    "sides",
    "_MANUAL",
    "when",
    "what",
}
_TABLES = {"_CLOUD", "_DATA_CENTER", "SECTION_WORDS", "SHORT_WORDS", "_SUBJECTS", "_VERDICTS", "_WAYS_TO_KEEP"}
_FUNCTIONS = {
    "words",
    "_label",
    "describe_changes",
    "describe_difference",
    "find_warnings",
    "_find_empty",
    "_advice",
    "_advise_generated",
    "headline",
    "describe_edit",
}
"""Functions that return what is shown."""
_PROSE = re.compile(r"[a-z]{2}")
_NO_PROSE = re.compile(r"[/\\=<>%]|^-")


def extract(
    file: IO[bytes], _words: object, _comments: object, **_options: object
) -> Iterator[tuple[int, str, tuple[str, str], list[str]]]:
    """Yield the sentences of a module, as Babel asks for them."""
    for node in ast.walk(ast.parse(file.read())):
        for part in _shown(node):
            for line, text in _sentences(part):
                yield line, "pgettext", (CONTEXT, text), []


def _shown(node: ast.AST) -> Iterable[ast.AST | None]:
    """Return the parts of a statement or a call that people read."""
    match node:
        case ast.keyword(arg="what"):
            return (node.value,)
        case ast.For(target=ast.Tuple(elts=[ast.Name(id="what"), *_])):
            return (node.iter,)
        case ast.Call(func=ast.Name(id=name)) if name in _MAKERS:
            return node.args
        case ast.Call(func=ast.Name(id="counted"), args=[_, ast.Constant()]):
            return (node,)
        case ast.Assign(targets=[ast.Name(id=name)]) if name in _VARIABLES | _TABLES:
            return (node.value,)
        case ast.AnnAssign(target=ast.Name(id=name)) if name in _VARIABLES | _TABLES:
            return (node.value,)
        case ast.FunctionDef(name=name) if name in _FUNCTIONS:
            found = (each for each in ast.walk(node) if isinstance(each, ast.Return | ast.Yield))
            return [each.value for each in found]
    return ()


def _sentences(node: ast.AST | None) -> Iterator[tuple[int, str]]:
    match node:
        case ast.Constant(value=str(text)) if _PROSE.search(text) and not _NO_PROSE.search(text):
            yield node.lineno, text
        case ast.JoinedStr():
            yield from _joined(node)
        case ast.Call(func=ast.Name(id="counted"), args=[_, ast.Constant(value=str(noun))]):
            yield node.lineno, counted(1, noun)
            yield node.lineno, f"{{1}} {noun}s"
        case ast.Call(func=ast.Attribute(attr="get")):
            return  # the name of a field
        case ast.AST():
            for child in ast.iter_child_nodes(node):
                yield from _sentences(child)


def _joined(node: ast.JoinedStr) -> Iterator[tuple[int, str]]:
    number, text = 0, ""
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        elif isinstance(part, ast.FormattedValue):
            number += 1
            text += f"{{{number}}}"
            yield from _sentences(part.value)
    if _PROSE.search(text):
        yield node.lineno, text
