"""Locate the files that are shipped with the program: next to the package in a checkout, inside it in a wheel."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
_IN_WHEEL = _PACKAGE / "_data"


def templates_dir() -> Path:
    """Return the folder of the shipped templates."""
    return _IN_WHEEL / "templates" if _IN_WHEEL.is_dir() else _PACKAGE.parent / "templates"


def demo_dir() -> Path:
    """Return the folder with the settings of the demo (`bot.yaml`)."""
    return _IN_WHEEL / "demo" if _IN_WHEEL.is_dir() else _PACKAGE.parent / "config" / "demo"
