"""Data files in a git remote: fetched before each run, and the commits of the desk and of commands pushed.

Git runs as it does for commits: no hook, no settings of the account, no secret of the bot in its environment.
"""

import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bot.config.data_commit import find_git_problem, find_operation, repository_lock, run_git
from bot.config.policy import DataGitSettings
from bot.errors import SettingsError
from bot.files import InstanceLock
from bot.log import logger

_WHO = "wikibot"
_LOCK_SECONDS = 60.0
_SIDE = "wikibot-rebase"
_FORCE = ("--force", "--force")  # twice: also for a work tree that was only half made
_PROPOSALS = "wikibot/"
_FOUND = "refs/wikibot/found"
"""What the remote has now, until it is known that it still has all that was taken from it."""
_NOT_NEWEST = ("non-fast-forward", "fetch first", "stale info")


@dataclass(frozen=True, slots=True)
class DataRemote:
    """The clone in *folder* of the repository that *policy* names; *key* and *signing_key* are private SSH keys.

    *state* is the folder of the lock.
    """

    policy: DataGitSettings
    folder: Path
    state: Path
    key: Path | None = None
    signing_key: Path | None = None

    def lock(self) -> InstanceLock:
        """Return the lock of the clone: the processes of several wikis can share it."""
        purpose = f"the clone of {self.policy.remote}"
        return InstanceLock(self.state / "data-git.lock", purpose=purpose, wait_seconds=_LOCK_SECONDS)

    def pull(self) -> None:
        """Clone the repository, or take its newest commits; own commits that are not pushed follow them.

        Raises `SettingsError` if the remote does not answer, has lost commits that were taken from it, or if both sides
        changed the same lines; then the files stay as they were. Raises `LockedError` if data files are being edited
        all the time.
        """
        if not (self.folder / ".git").exists():
            self._clone()
        if self.signing_key is not None:
            self._git("config", "wikibot.signingKey", str(self.signing_key))
        self._raise_if_busy()
        self._fetch()
        if not self._is_ancestor(self._ref, "HEAD"):
            with repository_lock(self.folder / ".git", is_shared=False):
                self._rebase()

    def _rebase(self) -> None:
        """Put own commits on the newest ones in a work tree of its own.

        If that is interrupted, also by a kill, the data files and their branch are as they were.
        """
        if self._run("diff", "--quiet", "HEAD").returncode:
            raise SettingsError(
                f"{self.folder} has changes that are not committed, so the newest files of "
                f"{self.policy.remote} cannot be taken: commit them, or put them back with `git checkout`"
            )
        side = self.folder / ".git" / _SIDE
        self._remove(side)
        self._git("worktree", "add", "--quiet", *_FORCE, "--detach", str(side), "HEAD")
        try:
            done = self._run("rebase", "--quiet", *self._signing, self._ref, folder=side)
            if done.returncode:
                raise SettingsError(
                    f"{self.folder}: {self.policy.remote} and this folder changed the same lines, and neither was "
                    "changed now; merge them by hand: "
                    f"{self._typed_git} pull --rebase ({find_git_problem(done)})"
                )
            newest = self._git("rev-parse", "HEAD", folder=side).decode().strip()
        finally:
            self._remove(side)
        self._git("reset", "--quiet", "--keep", newest)
        logger.info("the data files of {} were brought up to date", self.policy.remote)

    def _remove(self, side: Path) -> None:
        """Remove the work tree *side*, if there is one, also one that was left by an interruption."""
        self._run("worktree", "remove", *_FORCE, str(side))
        shutil.rmtree(side, ignore_errors=True)

    def _raise_if_busy(self) -> None:
        """Raise `SettingsError` while a person merges by hand: the files are not those of the branch."""
        busy = find_operation(self.folder / ".git")
        if busy is not None:
            raise SettingsError(
                f"{self.folder} is in the middle of another operation of git ({busy}), so nothing is taken from "
                f"{self.policy.remote} or pushed to it: complete the operation, or end it; "
                f"{self._typed_git} status says how"
            )

    def push(self) -> str | None:
        """Push own commits; returns what a person has to do: the branch is protected and the commits are on another.

        Raises `SettingsError` if the remote does not take them.
        """
        for _ in range(2):
            if self._is_ancestor("HEAD", self._ref):
                return None
            done = self._run(
                "push", "--quiet", "--no-verify", self.policy.remote, f"HEAD:refs/heads/{self.policy.branch}"
            )
            if not done.returncode:
                self._fetch()
                logger.info("pushed to {}", self.policy.remote)
                return None
            said = done.stderr.decode("utf-8", "replace")
            if "rejected]" not in said:
                raise SettingsError(f"{self.policy.remote} did not take the commits: {find_git_problem(done)}")
            if not any(words in said for words in _NOT_NEWEST):
                return self._propose()
            self.pull()
        raise SettingsError(f"{self.policy.remote} is changed all the time; the commits are pushed by the next run")

    def _propose(self) -> str:
        """Push own commits to a branch of their own."""
        branch = f"{_PROPOSALS}{self.policy.branch}"
        done = self._run("push", "--quiet", "--no-verify", "--force", self.policy.remote, f"HEAD:refs/heads/{branch}")
        if done.returncode:
            raise SettingsError(
                f"{self.policy.remote} takes the commits neither on {self.policy.branch} nor on {branch}: "
                f"{find_git_problem(done)}"
            )
        count = self._git("rev-list", "--count", f"{self._ref}..HEAD").decode().strip()
        return (
            f"{self.policy.remote}: branch {self.policy.branch} is protected, so {count} commits of wikibot are on "
            f"branch {branch}: open a merge request from it, or let the bot push to {self.policy.branch}"
        )

    def _clone(self) -> None:
        if self.folder.exists() and any(self.folder.iterdir()):
            raise SettingsError(
                f"{self.folder} is no clone of {self.policy.remote}, and not empty; name another folder"
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        self._git("init", "--quiet", f"--initial-branch={self.policy.branch}")
        self._fetch()
        self._git("reset", "--quiet", "--hard", self._ref)

    def _fetch(self) -> None:
        """Set `_ref` to what the remote has; raises `SettingsError` if it has lost commits that are in this clone.

        Such commits would be pushed again as own ones, though a person may have taken them back.
        """
        self._git("fetch", "--quiet", "--no-tags", self.policy.remote, f"+refs/heads/{self.policy.branch}:{_FOUND}")
        base = self._run("merge-base", "HEAD", self._ref)
        taken = base.stdout.decode().strip()
        if taken and not self._is_ancestor(taken, _FOUND):
            found = self._git("rev-parse", "--short", _FOUND).decode().strip()
            raise SettingsError(
                f"{self.policy.remote}: branch {self.policy.branch} has lost commits that {self.folder} took from it, "
                f"the newest of them {taken[:10]}; nothing was taken or pushed. If people took them back, go along with"
                f" `{self._typed_git} rebase --onto {found} {taken[:10]}`. If the repository was restored from an "
                f"older backup, give them back with `{self._typed_git} push {shlex.quote(self.policy.remote)} "
                f"HEAD:{self.policy.branch}`. If it is another repository, name another `folder` in data_git"
            )
        self._git("update-ref", self._ref, _FOUND)

    @property
    def _typed_git(self) -> str:
        """How a person begins a command of git for this folder."""
        return f"git -C {shlex.quote(str(self.folder))}"

    @property
    def _ref(self) -> str:
        """The commit of the remote that was fetched last."""
        return f"refs/remotes/origin/{self.policy.branch}"

    @property
    def _signing(self) -> list[str]:
        return ["--gpg-sign"] if self.signing_key is not None else ["--no-gpg-sign"]

    def _is_ancestor(self, older: str, newer: str) -> bool:
        return not self._run("merge-base", "--is-ancestor", older, newer).returncode

    def _git(self, *arguments: str, folder: Path | None = None) -> bytes:
        done = self._run(*arguments, folder=folder)
        if done.returncode:
            raise SettingsError(f"{self.policy.remote}: git {arguments[0]} failed: {find_git_problem(done)}")
        return done.stdout

    def _run(self, *arguments: str, folder: Path | None = None) -> "subprocess.CompletedProcess[bytes]":
        signing = []
        if self.signing_key is not None:
            signing = ["-c", "gpg.format=ssh", "-c", f"user.signingKey={self.signing_key}"]
        try:
            return run_git(folder or self.folder, _WHO, *signing, *arguments, key=self.key)
        except FileNotFoundError as error:
            raise SettingsError("git was not found; install it, or remove `data_git`") from error
        except subprocess.TimeoutExpired as error:
            raise SettingsError(f"{self.policy.remote} did not answer in time") from error
