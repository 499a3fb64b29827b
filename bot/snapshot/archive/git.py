"""A copy of the snapshots as a git repository in the state folder: one commit per run, signed if there is a key.

The repository is a copy, not evidence. Only bytes that were compared with the manifests are sent to `git fast-import`.
Git itself never reads the snapshots folder, so nothing in that folder makes git run a hook, a filter or a program.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import IO, cast

from bot.errors import SnapshotError
from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.checkpoint import HEAD
from bot.snapshot.archive.evidence_state import EvidenceState, make_private_folder
from bot.snapshot.archive.git_stream import write_commit
from bot.snapshot.archive.library import Library, load_library
from bot.snapshot.archive.signature import Signer

BRANCH = "refs/heads/main"
_DRAFT = "refs/wikibot/draft"
_TIMEOUT_SECONDS = 600
_SETTINGS_FILE = "config"
_PARTS = ("HEAD", "objects", "refs")
"""Without one of them, a folder is no repository for git."""
_REMOTE = re.compile(r"remote\.(.+)\.url", re.DOTALL)
_SETTINGS = {
    "core.hooksPath": os.devnull,
    "core.fsmonitor": "false",
    "gc.autoDetach": "false",
    "gpg.format": "ssh",
    "gpg.ssh.program": "ssh-keygen",
}


@dataclass(frozen=True, slots=True)
class GitRepository:
    """Commits what a run wrote; its error messages state that the capture itself is safe."""

    state: EvidenceState
    signer: Signer | None = None

    def commit(self, message: str) -> bool:
        """Commit the snapshots if the last commit has another head; return whether a commit was made.

        If a run was killed before its commit, the next run commits it, even when that run finds nothing new. After a
        redaction, also one by another bot, the history begins again: it has what was redacted.
        """
        library = load_library(self.state.root)
        if library.head is None:
            return False
        self._ensure_repository()
        committed = self.read_blob(HEAD)
        if committed is None and not self._run("rev-parse", "--quiet", "--verify", BRANCH).returncode:
            raise self._failure(
                f"its last commit cannot be read; restore {self.state.git}, or delete everything in it but "
                f"`{_SETTINGS_FILE}`, and the next run makes it again".encode()
            )
        if committed is not None and sha256(committed) == library.head_digest:
            return False
        if committed is not None and library.has_removals_since(sha256(committed)):
            self.forget()
            self._ensure_repository()
            committed = None
        parent = self.run("rev-parse", BRANCH) if committed is not None else ""
        self._import(library, parent)
        signing = [f"-S{self.signer.key}"] if self.signer else []
        above = ["-p", parent] if parent else []
        commit = self.run("commit-tree", *signing, *above, "-m", message, f"{_DRAFT}^{{tree}}")
        self.run("update-ref", BRANCH, commit, parent or "0" * 40)
        self.run("update-ref", "-d", _DRAFT)
        return True

    def remotes(self) -> dict[str, str]:
        """Return the addresses of the remotes, by name, also of a repository that was forgotten."""
        settings = self.state.git / _SETTINGS_FILE
        if not settings.is_file():
            return {}
        listed = self.run("config", "--file", str(settings), "--list", "--null")
        pairs = (line.partition("\n") for line in listed.split("\0"))
        return {match[1]: value for key, _, value in pairs if (match := _REMOTE.fullmatch(key))}

    def forget(self) -> None:
        """Delete everything but the settings; the next commit begins a history. Raises `SnapshotError`.

        `HEAD` goes first: without it this is no repository, and the next commit completes an interrupted deletion.
        """
        folder = self.state.git
        try:
            (folder / "HEAD").unlink(missing_ok=True)
            for path in folder.iterdir() if folder.exists() else ():
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                elif path.name != _SETTINGS_FILE:
                    path.unlink()
        except OSError as error:
            raise SnapshotError(f"{folder} cannot be deleted: {error.strerror}; nothing was changed") from error

    def run(self, *arguments: str) -> str:
        """Run git in the repository and return its output without the last line end; raises `SnapshotError`."""
        result = self._run(*arguments)
        if result.returncode:
            raise self._failure(result.stderr)
        return result.stdout.decode("utf-8", "replace").removesuffix("\n")

    def read_blob(self, path: str) -> bytes | None:
        """Return a file of the last commit; None if the last commit does not have it."""
        result = self._run("cat-file", "blob", f"{BRANCH}:{path}")
        return None if result.returncode else result.stdout

    def _ensure_repository(self) -> None:
        if not all((self.state.git / name).exists() for name in _PARTS):
            self.forget()
            make_private_folder(self.state.git)
            self.run("init", "--bare", "--quiet", "--initial-branch=main", "--template=")

    def _import(self, library: Library, parent: str) -> None:
        """Send all changed files to git; raises `EvidenceError` if one of them is not what was captured."""
        with self._importer() as stream:
            write_commit(stream, library, self.read_blob, ref=_DRAFT, parent=parent)

    @contextmanager
    def _importer(self) -> Iterator[IO[bytes]]:
        command = self._command("fast-import", "--quiet", "--force", "--done")
        with tempfile.TemporaryFile() as complaints:
            try:
                process = subprocess.Popen(  # noqa: S603 -- arguments are fixed words, no shell is involved
                    command,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=complaints,
                    env=self._environment(),
                    cwd=self.state.folder,
                    start_new_session=True,
                    umask=0o077,
                )
            except FileNotFoundError as error:
                raise _absent() from error
            is_ended, stdin = False, cast(IO[bytes], process.stdin)
            try:
                with suppress(BrokenPipeError):  # git ended early; its exit code says so
                    yield stdin
                    stdin.close()
                is_ended = process.wait(_TIMEOUT_SECONDS) == 0
            finally:
                process.kill()
                process.wait()
                with suppress(BrokenPipeError):
                    stdin.close()
            if not is_ended:
                complaints.seek(0)
                raise self._failure(complaints.read())

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(  # noqa: S603 -- arguments are fixed words and our own message, no shell is involved
                self._command(*arguments),
                cwd=self.state.folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TIMEOUT_SECONDS,
                check=False,
                start_new_session=True,
                umask=0o077,
            )
        except FileNotFoundError as error:
            raise _absent() from error
        except subprocess.TimeoutExpired as error:
            raise SnapshotError(f"git did not end within {_TIMEOUT_SECONDS} s in {self.state.git}") from error

    def _command(self, *arguments: str) -> list[str]:
        return ["git", *(word for name, value in _SETTINGS.items() for word in ("-c", f"{name}={value}")), *arguments]

    def _environment(self) -> dict[str, str]:
        """Return an environment without secrets, and without settings of the account or of a git that runs the bot."""
        identity = {f"GIT_{who}_{what}": value for who in ("AUTHOR", "COMMITTER") for what, value in _IDENTITY.items()}
        return identity | {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.state.folder),
            "LC_ALL": "C.UTF-8",
            "GIT_DIR": str(self.state.git.absolute()),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
        }

    def _failure(self, complaint: bytes) -> SnapshotError:
        problem = (complaint.decode("utf-8", "replace").strip() or "no reason given").splitlines()[0]
        return SnapshotError(
            f"the capture is written, but git could not commit it in {self.state.git}: {problem}; "
            "the next run commits it when this is fixed"
        )


_IDENTITY = {"NAME": "wikibot", "EMAIL": "wikibot@localhost"}


def _absent() -> SnapshotError:
    return SnapshotError("git was not found; install it, or set snapshots.git to false")
