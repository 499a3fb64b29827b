"""One name for one thing: no file name and no public name of a class or type alias occurs twice in the package."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1] / "bot"
FILES = sorted(PACKAGE.rglob("*.py"))


def repeated(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def public_types(source: str) -> Iterator[str]:
    for node in ast.parse(source).body:
        match node:
            case ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) if name[0].isupper() and not name.isupper():
                yield name


def test_no_file_name_occurs_twice_in_the_package() -> None:
    assert repeated(path.name for path in FILES if path.name != "__init__.py") == []


def test_no_public_class_or_type_alias_occurs_twice_in_the_package() -> None:
    names = [name for path in FILES for name in public_types(path.read_text()) if not name.startswith("_")]

    assert len(names) > 100
    assert repeated(names) == []
