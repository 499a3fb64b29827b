"""The machine under the command line: supported operating systems, and streams that print any text and never fail."""

import errno
import io
import os
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


class _Stream(io.TextIOWrapper):
    """A standard stream whose errors do not interrupt a command; *failure* is the first error."""

    failure: OSError | None = None

    def write(self, text: str) -> int:
        if self.failure is None:
            try:
                return super().write(text)
            except OSError as error:
                self.failure = error
        return len(text)

    def flush(self) -> None:
        if self.failure is None:
            try:
                super().flush()
            except OSError as error:
                self.failure = error


def prepare_streams() -> None:
    """Make the standard streams fit for any text and any reader.

    Files and pipes get UTF-8 in every locale; a terminal gets `?` for what it cannot show. A stream that was
    closed when the program began does not exist in Python, and the next opened file would get its number: it is opened
    again, so that everything that is written to standard output fails.
    """
    if sys.stdin is None:
        sys.stdin = open(_reopened(0, os.O_RDONLY), closefd=False)  # noqa: SIM115 -- until the process ends
    _prepare("stdout", 1, os.O_RDONLY)
    _prepare("stderr", 2, os.O_WRONLY)


def _prepare(name: str, number: int, flags: int) -> None:
    stream = getattr(sys, name)
    if stream is None:
        buffer = open(_reopened(number, flags), "wb", closefd=False)  # noqa: SIM115 -- until the process ends
        setattr(sys, name, _Stream(buffer, encoding="utf-8", errors="replace"))
    elif stream is getattr(sys, f"__{name}__"):  # else replaced by a test or an embedding program
        encoding = stream.encoding if stream.isatty() else "utf-8"
        prepared = _Stream(stream.buffer, encoding=encoding, errors="replace", line_buffering=stream.line_buffering)
        setattr(sys, name, prepared)


def _reopened(number: int, flags: int) -> int:
    """Open the null device as file *number*, unless that is another file by now; return the number of the file."""
    try:
        os.fstat(number)
    except OSError:
        handle = os.open(os.devnull, flags)
        if handle != number:
            os.dup2(handle, number)
            os.close(handle)
        return number
    return os.open(os.devnull, flags)


def find_output_failure() -> OSError | None:
    """Return why standard output could not be written, or None; a reader that ended, as `head` does, is no failure."""
    stream = sys.stdout
    stream.flush()
    failure = stream.failure if isinstance(stream, _Stream) else None
    return None if failure is None or failure.errno == errno.EPIPE else failure
