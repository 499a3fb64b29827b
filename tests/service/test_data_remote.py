"""Data files in a git remote: bare repositories on this machine, and the commands that people run."""

import re
import shlex
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bot.history import JobRequest
from tests.cli.scheduled_bot import DATA
from tests.service.conftest import Service

pytestmark = pytest.mark.parametrize("flavour", ["cloud"])
PROTECT = '#!/bin/sh\n[ "$1" = refs/heads/main ] && { echo "GL-HOOK-ERR: main is protected" >&2; exit 1; }\nexit 0\n'


@dataclass
class Remote:
    """A bare repository, and the clone of a person."""

    bare: Path
    person: Path

    def git(self, folder: Path, *words: str) -> str:
        command = ["git", "-c", "user.name=Ana", "-c", "user.email=ana@example.org", *words]
        return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout

    def edit(self, old: str, new: str) -> None:
        """Commit and push a change as a person."""
        self.git(self.person, "pull", "--quiet", "--rebase", "origin", "main")
        path = self.person / "ws2.yaml"
        path.write_text(path.read_text().replace(old, new))
        self.git(self.person, "commit", "--quiet", "-am", "A person changes the text")
        self.git(self.person, "push", "--quiet", "origin", "HEAD:main")

    def show(self, branch: str = "main") -> str:
        return self.git(self.bare, "show", f"{branch}:ws2.yaml")

    def subjects(self, branch: str = "main") -> list[str]:
        return self.git(self.bare, "log", "--format=%s", branch).splitlines()


@pytest.fixture
def remote(service: Service, tmp_path: Path) -> Remote:
    """A remote with the data file; the bot is on it, and its first run was made."""
    found = Remote(tmp_path / "data.git", tmp_path / "person")
    found.git(tmp_path, "init", "--quiet", "--bare", "--initial-branch=main", str(found.bare))
    found.git(tmp_path, "init", "--quiet", "--initial-branch=main", str(found.person))
    (found.person / "ws2.yaml").write_text(DATA)
    found.git(found.person, "add", ".")
    found.git(found.person, "commit", "--quiet", "-m", "The data file")
    found.git(found.person, "remote", "add", "origin", f"file://{found.bare}")
    found.git(found.person, "push", "--quiet", "origin", "HEAD:main")
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(service.folder / "sign-key")], check=True)
    (service.folder / "ws2.yaml").unlink()
    settings = service.folder / "bot.yaml"
    settings.write_text(
        settings.read_text().replace("data: ws2.yaml", "data: clone/ws2.yaml")
        + f"data_git: {{remote: 'file://{found.bare}', folder: clone, commit_key: sign-key}}\n"
    )
    assert "ok      data files of file://" in service.wikibot("check")[1]
    assert service.wikibot("adopt", "Home", "--yes")[0] == 0, service.err
    return found


def _run(service: Service) -> int:
    service.bot.history.ask_for(JobRequest("sync", "ana", datetime.now(UTC)))
    return service.wikibot("run", "--once")[0]


def test_an_edit_in_the_remote_reaches_the_wiki_and_one_by_command_the_remote(service: Service, remote: Remote) -> None:
    remote.edit("All is well.", "From the remote.")
    first = _run(service)
    published = service.wiki.body(service.home)
    service.wikibot("banner", "set", "--line", "1", "By command.")
    remote.edit("home: Home}", "home: Home}  # a remark")
    second = _run(service)

    assert (first, second) == (0, 0), service.err
    assert "From the remote." in published
    assert "By command." in service.wiki.body(service.home)
    assert "By command." in remote.show()
    assert "# a remark" in remote.show()
    commit = remote.git(remote.bare, "cat-file", "commit", "main")
    assert "-----BEGIN SSH SIGNATURE-----" in commit


def test_a_protected_branch_gets_a_branch_to_merge_and_a_clear_message(service: Service, remote: Remote) -> None:
    _run(service)
    hook = remote.bare / "hooks" / "update"
    hook.write_text(PROTECT)
    hook.chmod(0o755)
    service.wikibot("banner", "set", "--line", "1", "By command.")

    code = _run(service)

    assert code == 3
    assert "branch main is protected, so 1 commits of wikibot are on branch wikibot/main: open a merge" in service.err
    assert "By command." not in remote.show()
    assert "By command." in remote.show("wikibot/main")
    hook.unlink()
    remote.git(remote.bare, "update-ref", "refs/heads/main", "refs/heads/wikibot/main")
    assert _run(service) == 0


def test_both_sides_changed_and_a_remote_that_is_away_lose_nothing(service: Service, remote: Remote) -> None:
    _run(service)
    service.wikibot("banner", "set", "--line", "1", "By command.")
    remote.edit("All is well.", "By a person.")
    clash = _run(service)
    said = service.err
    here = (service.folder / "clone" / "ws2.yaml").read_text()
    remote.bare.rename(remote.bare.with_name("away.git"))
    away = _run(service)

    assert (clash, away) == (3, 3)
    assert "changed the same lines" in said
    assert "By command." in here
    assert "By a person." in remote.git(remote.bare.with_name("away.git"), "show", "main:ws2.yaml")
    assert "git fetch failed" in service.err
    assert "By command." in service.wiki.body(service.home)


@pytest.mark.parametrize("advice", ["rebase", "push"])
def test_commits_that_the_remote_has_lost_are_given_back_only_by_a_person(
    service: Service, remote: Remote, advice: str
) -> None:
    remote.edit("All is well.", "Taken back.")
    _run(service)
    remote.git(remote.bare, "update-ref", "refs/heads/main", "main~1")

    codes = [_run(service), _run(service)]  # the second has nothing new to fetch
    said = service.err

    assert codes == [3, 3], said
    assert "branch main has lost commits" in said
    assert "Taken back." not in remote.show()
    command = next(each for each in re.findall("`(git [^`]+)`", said) if f" {advice} " in each)
    subprocess.run(shlex.split(command), check=True, capture_output=True)
    assert _run(service) == 0, service.err
    wanted = advice == "push"
    assert ("Taken back." in remote.show(), "Taken back." in service.wiki.body(service.home)) == (wanted, wanted)


def test_another_repository_in_the_place_of_the_remote_gets_no_commits(service: Service, remote: Remote) -> None:
    _run(service)
    remote.git(remote.bare, "update-ref", "-d", "refs/heads/main")
    emptied = _run(service)
    remote.git(remote.person, "checkout", "--quiet", "--orphan", "new")
    remote.git(remote.person, "commit", "--quiet", "-m", "Another history")
    remote.git(remote.person, "push", "--quiet", "origin", "HEAD:main")

    assert (emptied, _run(service)) == (3, 3)
    assert "branch main has lost commits" in service.err
    assert remote.subjects() == ["Another history"]


def test_a_hook_in_the_clone_does_not_run_and_git_sees_no_secret(service: Service, remote: Remote) -> None:
    _run(service)
    marks = service.folder / "hook-ran"
    for name in ("pre-push", "post-commit", "post-rewrite", "pre-rebase", "post-merge", "post-checkout"):
        hook = service.folder / "clone" / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\nenv >> '{marks}'\n")
        hook.chmod(0o755)
    told = remote.bare / "hooks" / "update"
    seen = service.folder / "environment"
    told.write_text(f"#!/bin/sh\nenv > '{seen}'\nexit 0\n")
    told.chmod(0o755)
    service.wikibot("banner", "set", "--line", "1", "By command.")

    assert _run(service) == 0
    assert not marks.exists()
    assert "bot-secret" not in seen.read_text()
