"""The snapshots as a separate git repository: one commit per run, signed if there is a key, with the installed git."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bot.errors import SnapshotError
from bot.snapshot.archive.checkpoint import HEAD
from bot.snapshot.archive.signature import Signer

_TIMEOUT_SECONDS = 600


@dataclass(frozen=True, slots=True)
class GitRepository:
    """Commits what a run wrote; its error messages state that the capture itself is safe."""

    root: Path
    signer: Signer | None = None

    def commit(self, message: str) -> bool:
        """Commit the snapshots if the last commit has another head; return whether a commit was made.

        If a run was killed before its commit, the next run commits it, even when that run finds nothing new.
        """
        if not (self.root / HEAD).is_file():
            return False
        if not (self.root / ".git").exists():
            self._git("init", "--quiet", "--initial-branch=main")
        if self._committed_head() == (self.root / HEAD).read_bytes():
            return False
        self._git("add", "--all")
        signing = ["--gpg-sign"] if self.signer else ["--no-gpg-sign"]
        self._git("commit", "--quiet", "--message", message, *signing)
        return True

    def _committed_head(self) -> bytes | None:
        result = self._run("cat-file", "blob", f"HEAD:{HEAD}")
        return None if result.returncode else result.stdout

    def _git(self, *arguments: str) -> None:
        result = self._run(*arguments)
        if result.returncode:
            problem = (result.stderr.decode("utf-8", "replace").strip() or "no reason given").splitlines()[0]
            raise SnapshotError(
                f"the capture is written, but git could not commit it in {self.root}: {problem}; "
                "the next run commits it when this is fixed"
            )

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        settings = {
            "user.name": "wikibot",
            "user.email": "wikibot@localhost",
            "core.autocrlf": "false",
            "core.quotePath": "false",
            "gc.autoDetach": "false",
        }
        if self.signer:
            settings |= {"gpg.format": "ssh", "user.signingKey": str(self.signer.key)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        # If a git process started the bot, for example in a hook, its variables would point to another repository.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        try:
            return subprocess.run(  # noqa: S603 -- arguments are fixed words and our own message, no shell is involved
                ["git", *options, *arguments],  # noqa: S607 -- the location of git depends on the system
                cwd=self.root,
                env=environment,
                capture_output=True,
                timeout=_TIMEOUT_SECONDS,
                check=False,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise SnapshotError("git was not found; install it, or set snapshots.git to false") from error
        except subprocess.TimeoutExpired as error:
            raise SnapshotError(f"git did not end within {_TIMEOUT_SECONDS} s in {self.root}") from error
