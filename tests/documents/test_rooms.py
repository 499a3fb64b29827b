"""The docstring of each room says which rooms it may import, and is true."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = sorted(path.parent for path in (ROOT / "bot").rglob("__init__.py") if path.parent != ROOT / "bot")
MODULES = {"examination", "inline", "jobs", "live_schedule", "render", "runtime", "scheduler"}
"""Single modules that are rooms of their own; the others are foundations, which every room may import."""


def room_of(module: str) -> str | None:
    """Return the room of a module of the bot; a package of the snapshots is a room."""
    parts = module.split(".")[1:]
    if parts[:1] == ["snapshot"] and len(parts) > 1:
        return parts[1]
    is_room = parts and ((ROOT / "bot" / parts[0]).is_dir() or parts[0] in MODULES)
    return parts[0] if is_room else None


def imports_of(room: Path) -> set[str]:
    """Return the rooms whose modules *room* imports; `bot.snapshot` itself has no modules."""
    modules = {
        node.module or ""
        for path in room.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    }
    return {found for each in modules if each.startswith("bot.") and (found := room_of(each)) not in (None, room.name)}


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.relative_to(ROOT).as_posix())
def test_a_room_imports_only_what_its_docstring_says(room: Path) -> None:
    text = " ".join((ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8"))) or "").split())
    sentence = re.search(r"(?:May|They may) import [^.]*(?:\.\w[^.]*)*\.", text)

    assert sentence, "the docstring has no sentence that begins with `May import`"
    named = {name.removeprefix("bot.").split(".")[0] for name in re.findall(r"`([\w.]+)`", sentence[0])}
    assert imports_of(room) <= named | (
        {"archive", "capture", "erasure", "mirror", "query", "verify", "witness"} if "snapshot" in named else set()
    )
