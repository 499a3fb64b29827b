"""A change of a data file as one commit of a git repository that tracks the file.

Only this path is committed, with the files of news items that it names; what other people have staged stays staged. Git
runs no hook, asks nothing, and sees no secret of the bot and no settings of the account.
"""

import os
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bot.child_process import run_program, with_advice
from bot.errors import BotError, LockedError
from bot.files import InstanceLock, folder_lock, read_file

_TIMEOUT_SECONDS = 20
_OPTIONS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "commit.gpgSign": "false",
    "http.followRedirects": "false",  # a redirect could lead into the network of the bot
    "gc.auto": "0",
    "maintenance.auto": "false",
}
_WAIT_SECONDS = 60.0
"""The longest wait for another process that works with the repository."""
_POLL_SECONDS = 0.05
_BUSY = ("rebase-merge", "rebase-apply", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG")
_MAX_SUBJECT = 72
FILES = "files"
"""The folder next to the data file with the files of news items."""


def find_repository(path: Path) -> Path | None:
    """Return the folder of the work tree that contains *path*."""
    return next((folder for folder in path.resolve().parents if (folder / ".git").exists()), None)


@contextmanager
def repository_lock(path: Path, *, is_shared: bool) -> Iterator[None]:
    """Lock the repository that contains *path*, for all processes, of any wiki and any settings.

    Edits of data files share it; a rebase, which changes all files, does not. Raises `LockedError` after a minute.
    There is no lock without a repository, in one that cannot be read, and in a linked work tree, as none of
    these is a clone of the bot.
    """
    work_tree = find_repository(path)
    if work_tree is None or not (work_tree / ".git").is_dir() or not os.access(work_tree / ".git", os.R_OK):
        yield
        return
    deadline = time.monotonic() + _WAIT_SECONDS
    with ExitStack() as lock:
        while True:
            try:
                lock.enter_context(folder_lock(work_tree / ".git", is_shared=is_shared, waits=False))
                break
            except LockedError:
                if time.monotonic() > deadline:
                    raise
            time.sleep(_POLL_SECONDS)
        yield


def commit_file(path: Path, message: str, who: str) -> str | None:
    """Commit *path* if a repository tracks it and it differs; return the problem if git could not do it.

    *message* says what changed, *who* is the author.
    """
    work_tree = find_repository(path)
    if work_tree is None:
        return None
    try:
        return _commit(work_tree, str(path.resolve().relative_to(work_tree)), message, who)
    except BotError as error:
        return str(error)
    except FileNotFoundError:
        return "git was not found"
    except subprocess.TimeoutExpired:
        return f"git did not end within {_TIMEOUT_SECONDS} s"


def _commit(work_tree: Path, name: str, message: str, who: str) -> str | None:
    found = run_git(work_tree, who, "rev-parse", "--git-dir")
    if found.returncode:
        return find_git_problem(found)
    if run_git(work_tree, who, "ls-files", "--error-unmatch", "--", name).returncode:
        return None  # a file that git does not track is left to people
    folder = work_tree / found.stdout.decode().strip()
    # git itself does not wait for another process that uses the index
    with InstanceLock(folder / "wikibot-commit.lock", purpose=f"committing in {work_tree}", wait_seconds=_WAIT_SECONDS):
        return _commit_alone(work_tree, folder, name, message, who)


def _commit_alone(work_tree: Path, folder: Path, name: str, message: str, who: str) -> str | None:
    if not run_git(work_tree, who, "diff", "--quiet", "HEAD", "--", name).returncode:
        return None
    busy = find_operation(folder)
    if busy is not None:
        return f"the repository is in the middle of another operation ({busy})"
    files = _new_files(work_tree, name, who)
    subject = message if len(message) <= _MAX_SUBJECT else message[: _MAX_SUBJECT - 1] + "…"
    body = [] if subject == message else ["-m", message]
    signing = _signing_options(work_tree, who)
    sign = ["--gpg-sign"] if signing else []
    done = run_git(
        work_tree,
        who,
        *signing,
        "commit",
        *sign,
        "--quiet",
        "--no-verify",
        "-m",
        subject,
        *body,
        "--only",
        "--",
        name,
        *files,
    )
    return find_git_problem(done) if done.returncode else None


def find_operation(git_folder: Path) -> str | None:
    """Return the file that shows that an operation of git, such as a merge by hand, is not complete."""
    return next((each for each in _BUSY if (git_folder / each).exists()), None)


def _new_files(work_tree: Path, name: str, who: str) -> list[str]:
    """Return the files of news items that the data file names and git does not know yet, and add them."""
    path = work_tree / name
    named = re.findall(r"\bsha256:\s*['\"]?([0-9a-f]{64})\b", read_file(path).decode("utf-8", "replace"))
    known = [f"{path.parent.relative_to(work_tree) / FILES / digest}" for digest in dict.fromkeys(named)]
    present = [each for each in known if (work_tree / each).is_file()]
    unknown = [
        each for each in present if run_git(work_tree, who, "ls-files", "--error-unmatch", "--", each).returncode
    ]
    if unknown and run_git(work_tree, who, "add", "--", *unknown).returncode:
        return []  # for example because the repository ignores the folder
    return unknown


def _signing_options(work_tree: Path, who: str) -> list[str]:
    """Return the options that sign a commit with the SSH key in `wikibot.signingKey` of the clone, if it has one."""
    key = run_git(work_tree, who, "config", "--local", "--get", "wikibot.signingKey").stdout.decode().strip()
    return ["-c", "gpg.format=ssh", "-c", f"user.signingKey={key}"] if key else []


def find_git_problem(done: subprocess.CompletedProcess[bytes]) -> str:
    """Return what git said, in one line."""
    said = (done.stderr or done.stdout).decode("utf-8", "replace").strip() or "no reason given"
    return with_advice(said.splitlines()[0])


def run_git(work_tree: Path, who: str, *arguments: str, key: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run git in *work_tree*; *who* is the author of commits, *key* a private SSH key for the remote.

    Raises `FileNotFoundError` if there is no git, and `subprocess.TimeoutExpired`.
    """
    options = [word for name, value in _OPTIONS.items() for word in ("-c", f"{name}={value}")]
    return run_program(
        ["git", *options, *arguments],
        folder=work_tree,
        environment=_environment(who) | _ssh_with(key),
        timeout_seconds=_TIMEOUT_SECONDS,
    )


def _ssh_with(key: Path | None) -> dict[str, str]:
    ssh = "ssh -o BatchMode=yes"
    if key is not None:
        ssh += f" -o IdentitiesOnly=yes -i {shlex.quote(str(key))}"
    known = {name: os.environ[name] for name in ("SSH_AUTH_SOCK",) if name in os.environ}
    return {"GIT_SSH_COMMAND": ssh, **known}


def _environment(who: str) -> dict[str, str]:
    name = who.translate({ord(sign): None for sign in "<>\n\r\0"}).strip() or "wikibot"
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": os.devnull,
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": "wikibot@localhost",
        "GIT_COMMITTER_NAME": "wikibot",
        "GIT_COMMITTER_EMAIL": "wikibot@localhost",
    }
