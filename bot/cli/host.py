"""The machine under the command line: supported operating systems, and streams that can print any text."""

import io
import sys

_SUPPORTED = ("linux", "darwin")
_NAMES = {"win32": "Windows", "cygwin": "Cygwin"}


def find_unsupported_system(platform: str) -> str | None:
    """Return why wikibot does not run on *platform*, in one sentence, or None where it does."""
    if platform.startswith(_SUPPORTED):
        return None
    name = _NAMES.get(platform, platform)
    return (
        f"wikibot runs on Linux and macOS, and this is {name}; use the container image, a virtual machine, or on "
        "Windows the Windows Subsystem for Linux (WSL)"
    )


def make_streams_print_everything() -> None:
    """Write UTF-8 to files and pipes in every locale; on a terminal, `?` for what it cannot show."""
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, io.TextIOWrapper):
            continue  # replaced by a test or by an embedding program, which knows what it does
        if stream.isatty():
            stream.reconfigure(errors="replace")
        else:
            stream.reconfigure(encoding="utf-8", errors="replace")
