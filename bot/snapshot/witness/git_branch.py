"""A branch of a git remote as a witness: one commit for each head, fast-forward only."""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bot.child_process import run_program, with_advice
from bot.errors import EvidenceError, SnapshotError
from bot.snapshot.archive.bag import sha256
from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE, parse_checkpoint
from bot.snapshot.witness.own_chain import OwnChain, mark_of
from bot.snapshot.witness.rounds import Showing

_TIMEOUT_SECONDS = 120
_MOST_BYTES = 1 << 20
_ACCOUNT = re.compile(r"(?<=://)[^/\s]*@")
_PASSED = ("PATH", "SSH_AUTH_SOCK")


@dataclass(frozen=True)
class GitBranch:
    """The branch *branch* of *remote*; *key* is a private SSH key, *home* the home folder of git."""

    remote: str
    branch: str
    home: Path
    key: Path | None = None
    keeps_heads: bool = True

    @property
    def name(self) -> str:
        """The name of the witness."""
        return f"git branch {self.branch} of {_ACCOUNT.sub('', self.remote)}"

    @property
    def place(self) -> str:
        """The name, which has the address of the remote."""
        return self.name

    def read(self) -> Showing:
        """Return the head that the newest commit of the branch has."""
        with self._repository() as git:
            return self._read(git)

    def write(self, chain: OwnChain, shown: Showing | None) -> None:
        """Add a commit on top of the branch and push it; the remote refuses if the branch moved meanwhile."""
        head = chain.head
        with self._repository() as git:
            if self._read(git).newest != (shown.newest if shown else None):
                raise SnapshotError("the branch was changed while the run wrote to it")
            parent = git.find_commit()
            git.run("read-tree", parent or "--empty")
            git.put(HEAD, head.checkpoint.encode())
            if head.signature:
                git.put(SIGNATURE, head.signature.encode())
            elif git.find_file(SIGNATURE) is not None:
                git.run("update-index", "--force-remove", SIGNATURE)
            tree = git.run("write-tree").decode().strip()
            message = f"Run {head.mark.sequence}: {head.mark.digest}"
            commit = git.run("commit-tree", tree, "-m", message, *(["-p", parent] if parent else [])).decode().strip()
            git.run("push", "--quiet", self.remote, f"{commit}:refs/heads/{self.branch}")

    def _read(self, git: "_Repository") -> Showing:
        listed = git.run("ls-remote", self.remote, f"refs/heads/{self.branch}").decode().split()
        if not listed:
            return Showing()
        git.run(
            "fetch", "--quiet", "--depth=1", "--no-tags", self.remote, f"+refs/heads/{self.branch}:{_Repository.REF}"
        )
        data = git.find_file(HEAD)
        if data is None:
            return Showing()
        try:
            head = parse_checkpoint(data)
        except EvidenceError as error:
            raise EvidenceError(
                f"{self.name} has a {HEAD} that cannot be read: {error}. Find out who changed it, or name another "
                "branch in snapshots.witnesses"
            ) from error
        return Showing(mark_of(head, sha256(data)))

    @contextmanager
    def _repository(self) -> Iterator["_Repository"]:
        self.home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            git = _Repository(Path(folder), self.home, self.key, _ACCOUNT.sub("", self.remote))
            git.run("init", "--quiet", "--bare", "--template=", folder)
            yield git


@dataclass(frozen=True, slots=True)
class _Repository:
    """An empty repository for one exchange with the remote; nothing of it outlives the exchange."""

    REF = "refs/witness/head"

    folder: Path
    home: Path
    key: Path | None
    shown_remote: str

    def find_commit(self) -> str | None:
        """Return the commit that was fetched."""
        found = self._start("rev-parse", "--quiet", "--verify", self.REF)
        return None if found.returncode else found.stdout.decode().strip()

    def find_file(self, name: str) -> bytes | None:
        """Return a file of the commit that was fetched; raises `EvidenceError` for one that is too large for a head."""
        size = self._start("cat-file", "-s", f"{self.REF}:{name}").stdout.strip()
        if size and int(size) > _MOST_BYTES:
            raise EvidenceError(
                f"the {name} on the branch of {self.shown_remote} has {int(size):,} bytes; find out who changed it, or "
                "name another branch in snapshots.witnesses"
            )
        found = self._start("cat-file", "blob", f"{self.REF}:{name}")
        return None if found.returncode else found.stdout

    def put(self, name: str, data: bytes) -> None:
        """Add a file to the index."""
        blob = self.run("hash-object", "-w", "--stdin", data=data).decode().strip()
        self.run("update-index", "--add", "--cacheinfo", f"100644,{blob},{name}")

    def run(self, *arguments: str, data: bytes = b"") -> bytes:
        """Run git and return its output; raises `SnapshotError`."""
        ended = self._start(*arguments, data=data)
        if ended.returncode:
            said = ended.stderr.decode("utf-8", "replace").strip() or "no reason given"
            reason = with_advice(_ACCOUNT.sub("", " ".join(said.split())))
            raise SnapshotError(f"git {arguments[0]} with {self.shown_remote} failed: {reason}")
        return ended.stdout

    def _start(self, *arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        settings = (
            "core.hooksPath=/dev/null",
            "core.fsmonitor=false",
            "protocol.ext.allow=never",
            "http.followRedirects=false",  # one could lead into the network of the bot
        )
        options = [word for each in settings for word in ("-c", each)]
        try:
            return run_program(
                ["git", *options, *arguments],
                folder=self.folder,
                environment=self._environment(),
                timeout_seconds=_TIMEOUT_SECONDS,
                data=data,
            )
        except FileNotFoundError as error:
            raise SnapshotError("git was not found; install it, or remove this witness") from error
        except subprocess.TimeoutExpired as error:
            raise SnapshotError(f"{self.shown_remote} did not answer within {_TIMEOUT_SECONDS} s") from error

    def _environment(self) -> dict[str, str]:
        """Return a clean environment: no secrets of the bot, no configuration of git, no questions."""
        ssh = "ssh -o BatchMode=yes"
        if self.key is not None:
            ssh += f" -o IdentitiesOnly=yes -i {_quote(self.key)}"
        return {name: os.environ[name] for name in _PASSED if name in os.environ} | {
            "HOME": str(self.home),
            "LC_ALL": "C.UTF-8",
            "GIT_DIR": str(self.folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_SSH_COMMAND": ssh,
            "GIT_AUTHOR_NAME": "wikibot",
            "GIT_AUTHOR_EMAIL": "wikibot@localhost",
            "GIT_COMMITTER_NAME": "wikibot",
            "GIT_COMMITTER_EMAIL": "wikibot@localhost",
        }


def _quote(path: Path) -> str:
    return "'" + str(path).replace("'", "'\\''") + "'"
