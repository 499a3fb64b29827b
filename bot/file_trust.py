"""The rule for files that steer the bot: settings, secrets, data files, templates and plans, by owner and mode.

Whoever can write such a file can let the bot publish any text with its token. A file that every account of the machine
can write is refused. A file that some other account can write, or a secret that others can read, is a warning of
`wikibot check`: deployments have such files on purpose.
"""

import os
import shlex
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.errors import LocatedError

ALLOW_VARIABLE = "WIKIBOT_ALLOW_WRITABLE_FILES"
"""`1` accepts what is refused otherwise, for file systems without modes (drives of Windows, some network shares)."""
_ROOT = 0


@dataclass(frozen=True, slots=True)
class FileRisk:
    """Who can write or read a file that only the bot should; *is_fatal* if every account of the machine can write."""

    path: Path
    message: str
    is_fatal: bool = False


def find_risk(path: Path, *, is_secret: bool = False) -> FileRisk | None:
    """Return the greatest risk of the file *path*; None if there is none, or no file. Links are followed."""
    try:
        target = path.resolve()
        found, folder = target.stat(), target.parent.stat()
        links = [(link, link.lstat(), link.parent.stat()) for link in _links_of(path)]
        above = [(each, each.stat()) for each in target.parent.parents]
    except (OSError, RuntimeError):
        return None  # the same as no file; reading it reports the reason
    if not hasattr(os, "getuid") or not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        return None
    message = _who_can_write(found, target) or next(
        filter(None, (_who_can_replace(*each) for each in ((target, found, folder), *links))), None
    )
    if message is not None:
        return FileRisk(path, message, is_fatal=True)
    message = _who_else(found, target, is_secret=is_secret) or _who_else_can_replace(found, folder, target)
    message = message or _who_can_move(above)
    return None if message is None else FileRisk(path, message)


def raise_if_writable_by_all(path: Path, error: type[LocatedError], *, is_secret: bool = False) -> None:
    """Raise *error* if every account of the machine can write *path*."""
    risk = find_risk(path, is_secret=is_secret)
    if risk is not None and risk.is_fatal and os.environ.get(ALLOW_VARIABLE) != "1":
        raise error(f"{risk.message} (or set {ALLOW_VARIABLE}=1 if this file system has no modes)", path=path)


def raise_if_readable_by_all(path: Path, error: type[LocatedError]) -> None:
    """Raise *error* if every account of the machine can read or write the private key *path*."""
    raise_if_writable_by_all(path, error, is_secret=True)
    if path.stat().st_mode & stat.S_IROTH and os.environ.get(ALLOW_VARIABLE) != "1":
        raise error(
            f"every account of this machine can read this private key; run `chmod 600 {_quoted(path)}`", path=path
        )


def find_risks(paths: Iterable[Path], *, are_secrets: bool = False) -> Iterator[FileRisk]:
    """Yield the risk of each file that has one."""
    for path in paths:
        risk = find_risk(path, is_secret=are_secrets)
        if risk is not None:
            yield risk


def _links_of(path: Path) -> Iterator[Path]:
    """Yield each link on the way from *path* to the file; a person who can replace one of them can replace the file."""
    while path.is_symlink():
        yield path.parent.resolve() / path.name
        path = path.parent / path.readlink()


def _quoted(path: Path) -> str:
    """Return *path* as a shell takes it for one word."""
    return shlex.quote(str(path))


def _who_can_write(found: os.stat_result, target: Path) -> str | None:
    if found.st_mode & stat.S_IWOTH and not stat.S_ISVTX & found.st_mode:
        return f"every account of this machine can write it; run `chmod o-w {_quoted(target)}`"
    return None


def _who_can_replace(target: Path, found: os.stat_result, folder: os.stat_result) -> str | None:
    if folder.st_mode & stat.S_IWOTH:
        if not folder.st_mode & stat.S_ISVTX:
            return f"every account of this machine can replace it; run `chmod o-w {_quoted(target.parent)}`"
        if found.st_uid not in (_ROOT, os.getuid(), folder.st_uid):
            return (
                f"another account ({_name(found.st_uid)}) put it into {target.parent}, which every account of this "
                "machine can write; move the files of the bot into a folder of its own"
            )
    return None


def _who_can_move(above: Iterable[tuple[Path, os.stat_result]]) -> str | None:
    """Describe a folder further up that all can write; volumes of containers often have one, so it is a warning."""
    open_to_all = (path for path, found in above if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX)
    place = next(open_to_all, None)
    if place is None:
        return None
    return f"every account of this machine can replace its folder; run `chmod o-w {_quoted(place)}`"


def _who_else(found: os.stat_result, target: Path, *, is_secret: bool) -> str | None:
    """Describe access of some accounts; a group with the number of the owner is the private group of the owner."""
    if is_secret and found.st_mode & stat.S_IROTH:
        return f"every account of this machine can read this secret; run `chmod o-r {_quoted(target)}`"
    if found.st_mode & stat.S_IWGRP and found.st_gid != found.st_uid:
        return f"the group {found.st_gid} can write it; run `chmod g-w {_quoted(target)}` if that is not meant"
    if found.st_uid not in (_ROOT, os.getuid()):
        return f"it belongs to another account ({_name(found.st_uid)}), which can change it"
    return None


def _who_else_can_replace(found: os.stat_result, folder: os.stat_result, target: Path) -> str | None:
    """Describe who can replace a file by writing its folder; where it is sticky, only the owners of both can."""
    if folder.st_uid not in (_ROOT, os.getuid(), found.st_uid):
        return f"another account ({_name(folder.st_uid)}) owns its folder {target.parent}, and can replace it"
    is_of_group = folder.st_mode & stat.S_IWGRP and folder.st_gid != folder.st_uid
    if is_of_group and not folder.st_mode & stat.S_ISVTX:
        return (
            f"the group {folder.st_gid} can replace it; run `chmod g-w {_quoted(target.parent)}` if that is not meant"
        )
    return None


def _name(uid: int) -> str:
    import pwd  # not on Windows

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
