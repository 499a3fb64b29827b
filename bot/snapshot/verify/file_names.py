"""Find names that some file systems cannot have: a copy there would lack files. `VERIFY.md` has the same rules."""

import re
from collections.abc import Collection, Iterator

_NOT_EVERYWHERE = re.compile(
    r"^(?:.*/)?(?:(?:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:\.[^/\n]*)?|[^/\n]*\.)(?:/.*)?$", re.IGNORECASE | re.MULTILINE
)
_SUSPECT = re.compile(r"(?:^|/)(?:con|prn|aux|nul|com[1-9]|lpt[1-9])[./\n]|\.[/\n]", re.IGNORECASE | re.MULTILINE)


def find_bad_names(paths: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each path with what is wrong with its name."""
    text = "".join(f"{path}\n" for path in paths)
    if _SUSPECT.search(text):  # one fast search first, because there is nearly never one
        for path in filter(_NOT_EVERYWHERE.fullmatch, paths):
            yield path, "has a name that not every file system can have"
    if len(set(text.lower().split("\n"))) <= len(paths):
        seen: set[str] = set()
        for path in sorted(paths):
            if path.lower() in seen:
                yield path, "differs from another path only in case"
            seen.add(path.lower())
