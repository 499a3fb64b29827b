import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WALKS = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("## Two walks")[1].split("\n## ")[0]
STEPS = re.findall(r"^\d+\. `(bot/[\w/]+\.py)`: (.*)$", WALKS, re.MULTILINE)


def defined_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}.{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
    return names


def test_each_walk_opens_at_most_eight_files() -> None:
    walks = [walk for walk in re.split(r"\n\n(?=[A-Z])", WALKS) if "1. " in walk]

    assert len(walks) == 2
    assert all(len(set(re.findall(r"bot/[\w/]+\.py", walk))) <= 8 for walk in walks)


@pytest.mark.parametrize(("path", "words"), STEPS)
def test_the_functions_of_a_walk_exist(path: str, words: str) -> None:
    first = re.findall(r"`([A-Za-z_.]+)`", words)[0]

    assert first in defined_in(ROOT / path)
