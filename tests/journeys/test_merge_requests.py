"""The pipelines of `deploy/ci/` and the hook of pre-commit, run on a branch of a repository with a data file."""

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from ruamel.yaml import YAML

from tests.journeys.conftest import Desk
from tests.machine import ROOT, need

pytestmark = [pytest.mark.parametrize("flavour", ["datacenter"]), pytest.mark.parametrize("seed", ["demo"])]
NEWS = "Read the outlook, @all: **two** recommendations left."
TOKEN = "bot-token"


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false")
    subprocess.run([need("git"), "-C", folder, *who, *words], check=True, capture_output=True)


@dataclass(frozen=True)
class Runner:
    """A machine that runs pipelines: *folder* is a clone of the branch, *bin* has its programs."""

    folder: Path
    bin: Path

    def run(self, script: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a script as GitHub does, with no variable but those of the runner and *environment*."""
        own = {"PATH": f"{self.bin}:{os.environ['PATH']}", "HOME": str(self.bin), "RUNNER_TEMP": str(self.bin)}
        words = [need("bash"), "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        return subprocess.run(
            words, cwd=self.folder, env=own | environment, capture_output=True, text=True, check=False
        )


@pytest.fixture
def repository(adopted: Desk, tmp_path: Path) -> Path:
    """A server's repository, and a clone of it with settings and data file."""
    server, laptop = tmp_path / "server.git", tmp_path / "laptop"
    subprocess.run([need("git"), "init", "-q", "--bare", "-b", "main", server], check=True)
    subprocess.run([need("git"), "clone", "-q", server, laptop], check=True, capture_output=True)
    (laptop / "config").mkdir()
    for name in ("bot.yaml", "ws2.yaml"):
        shutil.copy(adopted.folder / name, laptop / "config" / name)
    git(laptop, "switch", "-q", "-c", "main")
    git(laptop, "add", ".")
    git(laptop, "commit", "-q", "-m", "Begin")
    git(laptop, "push", "-q", "origin", "main")
    git(laptop, "switch", "-q", "-c", "outlook")
    return laptop


@pytest.fixture
def runner(repository: Path, adopted: Desk, tmp_path: Path) -> Runner:
    """A runner with a clone of a branch on which a news item was added."""
    adopted.ran("news", "add", NEWS, "--offline", "--config", str(repository / "config" / "bot.yaml"))
    return check_out(repository, tmp_path)


def check_out(repository: Path, tmp_path: Path) -> Runner:
    git(repository, "commit", "-q", "-a", "--allow-empty", "-m", "Announce the outlook")
    git(repository, "push", "-q", "-f", "origin", "outlook")
    found = Runner(tmp_path / "runner" / "clone", tmp_path / "runner" / "bin")
    subprocess.run([need("git"), "clone", "-q", "-b", "outlook", tmp_path / "server.git", found.folder], check=True)
    program(found.bin / "wikibot", f'PYTHONPATH={ROOT} exec {sys.executable} -m bot "$@"')
    program(found.bin / "gh", 'echo "$@" >> "$HOME/gh.log"; cp "${@: -1}" "$HOME/comment.md"')
    return found


def program(path: Path, script: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/bash\n{script}\n")
    path.chmod(0o755)


def load(name: str) -> Any:
    return YAML(typ="safe").load((ROOT / "deploy" / "ci" / name).read_text())


def github_steps() -> Mapping[str, str]:
    return {step["name"]: step["run"] for step in load("github.yaml")["jobs"]["wikibot"]["steps"] if "name" in step}


def wiki_of(desk: Desk) -> dict[str, str]:
    return {"WIKIBOT_WIKI__URL": desk.wiki.url, "WIKIBOT_WIKI__USER": "", "WIKIBOT_WIKI__TOKEN": TOKEN}


def test_github_checks_without_a_secret_and_shows_the_plan_as_a_comment(runner: Runner, adopted: Desk) -> None:
    steps, before = github_steps(), len(adopted.wiki.requests)

    checked = runner.run(steps["Check"])
    asked = len(adopted.wiki.requests) - before
    planned = runner.run(steps["Plan"], **wiki_of(adopted))
    told = runner.run(steps["Comment"], NUMBER="7")

    assert (checked.returncode, asked, planned.returncode, told.returncode) == (0, 0, 0, 0), (
        checked.stdout + planned.stderr
    )
    assert (runner.bin / "gh.log").read_text().startswith("pr comment 7 ")
    comment = (runner.bin / "comment.md").read_text()
    assert "1 of 3 regions to write on 1 page" in comment
    assert "<ins>" in comment
    assert "Read the outlook, @all: two recommendations left." in comment
    assert TOKEN not in comment
    assert [method for method, _ in adopted.wiki.requests[before:] if method != "GET"] == []


def test_a_mistake_in_the_data_file_ends_the_check_with_its_line(repository: Path, tmp_path: Path) -> None:
    data = repository / "config" / "ws2.yaml"
    data.write_text(data.read_text() + "nwes: []\n")
    line = len(data.read_text().splitlines())

    checked = check_out(repository, tmp_path).run(github_steps()["Check"])

    assert checked.returncode == 1
    assert f"ws2.yaml:{line}" in checked.stdout


def test_a_plan_that_fails_fails_the_pipeline_and_leaves_no_comment(runner: Runner, adopted: Desk) -> None:
    steps = github_steps()

    planned = runner.run(steps["Plan"], **wiki_of(adopted) | {"WIKIBOT_WIKI__TOKEN": "wrong"})
    told = runner.run(steps["Comment"], NUMBER="7")

    assert (planned.returncode, told.returncode) == (1, 0)
    assert not (runner.bin / "gh.log").exists()


class CodeHost(HTTPServer):
    """The part of GitLab's interface that writes a note (https://docs.gitlab.com/api/notes/)."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Notes)
        self.notes: list[tuple[str, str, str]] = []


class _Notes(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["body"][0]
        assert isinstance(self.server, CodeHost)
        self.server.notes.append((self.path, self.headers["PRIVATE-TOKEN"], body))
        self.send_response(201)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def code_host() -> Iterator[CodeHost]:
    with CodeHost() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_gitlab_accepts_its_own_checkout_and_writes_a_note_that_names_an_editor_of_the_page(
    runner: Runner, adopted: Desk, code_host: CodeHost
) -> None:
    need("curl")
    for path in runner.folder.rglob("*"):  # GitLab's runner checks out with umask 0
        if ".git" not in path.parts:
            path.chmod(0o777 if path.is_dir() else 0o666)
    adopted.wiki.edit(adopted.home_id, adopted.home_body.replace("delivered during", "given during"))
    jobs = load("gitlab.yaml")
    first = jobs[".wikibot"]["before_script"][0]

    refused = runner.run("\n".join(jobs["wikibot check"]["script"]))
    checked = runner.run("\n".join((first, *jobs["wikibot check"]["script"])))
    planned = runner.run(
        "\n".join((first, *jobs["wikibot plan"]["script"])),
        **wiki_of(adopted),
        WIKIBOT_NOTE_TOKEN="note-token",
        CI_API_V4_URL=f"http://127.0.0.1:{code_host.server_port}/api/v4",
        CI_PROJECT_ID="12",
        CI_MERGE_REQUEST_IID="3",
    )

    assert (refused.returncode, checked.returncode, planned.returncode) == (1, 0, 0), checked.stderr + planned.stderr
    [(address, token, note)] = code_host.notes
    assert (address, token) == ("/api/v4/projects/12/merge_requests/3/notes", "note-token")
    assert "waiting for a person" in note
    assert "by Ana Ribeiro" in note
    assert note == (runner.folder / "plan.md").read_text()


def test_pre_commit_refuses_a_commit_with_a_mistake(repository: Path, tmp_path: Path) -> None:
    clientlib = pytest.importorskip("pre_commit.clientlib")
    [hook] = clientlib.load_manifest(ROOT / ".pre-commit-hooks.yaml")
    entry = hook["entry"].replace("wikibot", f"{sys.executable} -m bot", 1)
    local = {name: hook[name] for name in ("id", "name", "files", "pass_filenames")} | {
        "entry": entry,
        "language": "system",
    }
    (repository / ".pre-commit-config.yaml").write_text(json.dumps({"repos": [{"repo": "local", "hooks": [local]}]}))
    git(repository, "add", ".")
    data = repository / "config" / "ws2.yaml"

    def commit() -> subprocess.CompletedProcess[str]:
        git(repository, "add", ".")
        return Runner(repository, tmp_path).run(
            f"{sys.executable} -m pre_commit run", PYTHONPATH=str(ROOT), PRE_COMMIT_HOME=str(tmp_path / "cache")
        )

    right = commit()
    data.write_text(data.read_text() + "nwes: []\n")
    wrong = commit()

    assert (right.returncode, wrong.returncode) == (0, 1), right.stdout + right.stderr
    assert "ws2.yaml:" in wrong.stdout


@pytest.mark.slow
@pytest.mark.timeout(1_500)
def test_the_step_that_installs_makes_a_program_that_checks(runner: Runner, tmp_path: Path) -> None:
    source = tmp_path / "source.git"
    subprocess.run([need("git"), "init", "-q", "--bare", source], check=True)
    git(ROOT, "push", "-q", str(source), "HEAD:refs/heads/main")
    (runner.bin / "wikibot").unlink()
    paths = tmp_path / "github-path"
    index = {name: value for name, value in os.environ.items() if name.startswith("PIP_")}

    installed = runner.run(
        github_steps()["Install"], WIKIBOT_SOURCE=str(source), WIKIBOT_RELEASE="main", GITHUB_PATH=str(paths), **index
    )
    checked = runner.run(f'export PATH="{paths.read_text().strip()}:$PATH"\n{github_steps()["Check"]}')

    assert (installed.returncode, checked.returncode) == (0, 0), installed.stderr + checked.stdout
