"""Find names that some file systems cannot have: a copy there would lack files. `VERIFY.md` has the same rules."""

from collections.abc import Collection, Iterator

_RESERVED = {"con", "prn", "aux", "nul"} | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}


def find_bad_names(paths: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield each path with what is wrong with its name."""
    text = "\n".join(paths).lower()
    if len(set(text.split("\n"))) < len(paths):
        seen: set[str] = set()
        for path in sorted(paths):
            if path.lower() in seen:
                yield path, "differs from another path only in case"
            seen.add(path.lower())
    names = f"{text}\n".replace("\n", "/")
    if "./" in names or not _RESERVED.isdisjoint(names.replace(".", "/").split("/")):
        for path in paths:
            if any(map(_is_bad, path.lower().split("/"))):
                yield path, "has a name that not every file system can have"


def _is_bad(name: str) -> bool:
    return name.endswith(".") or name.partition(".")[0] in _RESERVED
