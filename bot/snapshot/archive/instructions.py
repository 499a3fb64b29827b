"""`VERIFY.md`: the commands that check the snapshots with public tools. Tests run them unchanged.

Their rules are those of `bot.snapshot.verify`. A differential test runs both on changed trees; who changes a rule
changes it in both.
"""

from functools import lru_cache

from bot.resources import templates_dir

GIT_ATTRIBUTES = "* -text\n"
"""The content of `.gitattributes`: a clone must not translate line ends, or no digest fits any more."""


@lru_cache
def load_instructions() -> str:
    """Return the content of `VERIFY.md`."""
    return (templates_dir() / "snapshots" / "VERIFY.md").read_text(encoding="utf-8")
