"""Several wikis in one settings file: one that is away, slow or refuses the token delays no other."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bot.cli.main import main
from bot.history import RunHistory, RunOutcome
from tests.journeys.conftest import Ran
from wikiserver.testing import Wiki, running_wiki

HOME = "<p>Home of the workspace.</p><h2>Status:</h2><p>All is well.</p>"
DATA = "workspace: {space: WS2, home: Home}\nstatus:\n  lines:\n    - {text: All is well.}\n"
REGION = "regions: {status: {marker: heading, heading: 'Status:'}}"


@dataclass
class Fleet:
    """A folder with settings for a Cloud wiki (`cloud`) and a Data Center wiki (`team`), and its commands."""

    folder: Path
    cloud: Wiki
    team: Wiki
    run: Callable[..., Ran]
    wikis: dict[str, str] = field(default_factory=dict)
    workspaces: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def add(self, wiki: str, workspace: str) -> Path:
        """Add a workspace; returns its data file."""
        self.names.append(workspace)
        self.workspaces.append(f"  - {{name: {workspace}, wiki: {wiki}, data: {workspace}.yaml, {REGION}}}\n")
        self.write()
        data = self.folder / f"{workspace}.yaml"
        data.write_text(DATA)
        return data

    def write(self, more: str = "jobs: [{run: sync, every: hour}]\n") -> None:
        wikis = "".join(f"  {name}: {text}\n" for name, text in self.wikis.items())
        text = f"wikis:\n{wikis}workspaces:\n{''.join(self.workspaces)}snapshots: {{signing_key: none}}\n{more}"
        (self.folder / "bot.yaml").write_text(text)

    def set_token(self, wiki: str, token: str) -> None:
        (self.folder / "secrets" / f"wikibot_wikis__{wiki}__token").write_text(token)

    def say(self, workspace: str, words: str) -> None:
        (self.folder / f"{workspace}.yaml").write_text(DATA.replace("All is well.", words))

    def history(self, wiki: str) -> RunHistory:
        return RunHistory(self.folder / ".wikibot" / "wikis" / wiki / "runs.db")

    @contextmanager
    def running(self) -> Iterator["subprocess.Popen[bytes]"]:
        """`wikibot run` on all wikis, with its log in a file."""
        with self.log.open("wb") as log:
            process = subprocess.Popen([sys.executable, "-m", "bot", "run"], stdin=subprocess.DEVNULL, stderr=log)
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def text_of(wiki: Wiki) -> str:
    return wiki.body(wiki.find("Home").id)


def wait_until(is_so: Callable[[], object], log: Path) -> None:
    deadline = time.monotonic() + 200
    while not is_so():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Fleet]:
    monkeypatch.setenv("WIKIBOT_CONFIG", str(tmp_path / "bot.yaml"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secrets").mkdir(mode=0o700)

    def run(*words: str) -> Ran:
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        printed = capfd.readouterr()
        return Ran(int(ended.value.code or 0), printed.out, printed.err)

    with running_wiki("cloud") as cloud, running_wiki("datacenter") as team:
        found = Fleet(tmp_path, cloud, team, run)
        for name, wiki, user in (("cloud", cloud, ", user: bot"), ("team", team, "")):
            wiki.add_page("Home", HOME)
            found.wikis[name] = f"{{url: {wiki.url}, flavour: {wiki.flavour}{user}, writes_per_minute: 6000}}"
        found.set_token("cloud", "bot-secret")
        found.set_token("team", "bot-token")
        found.add("cloud", "sales")
        found.add("team", "support")
        yield found


@pytest.fixture
def managed(fleet: Fleet) -> Fleet:
    """The same after the bot wrote each page for the first time."""
    for workspace in ("sales", "support"):
        fleet.say(workspace, "First words.")
    ran = fleet.run("apply", "--yes", "--take-over", "status")
    assert ran.code == 0, ran.err
    return fleet


def test_each_wiki_gets_its_own_texts_with_its_own_account(managed: Fleet) -> None:
    fleet = managed
    fleet.say("sales", "Said by sales.")
    fleet.say("support", "Said by support.")
    (fleet.folder / "bot").mkdir()
    (fleet.folder / "bot" / "__init__.py").write_text("raise SystemExit('another program of this name')")

    planned = fleet.run("plan", "--format", "json")
    applied = fleet.run("apply", "--yes")

    assert planned.code == 2, planned.err
    plans = json.loads(planned.out)
    assert [plans[name]["wiki"] for name in ("cloud", "team")] == [fleet.cloud.url, fleet.team.url]
    assert applied.code == 0, applied.err
    assert "Said by sales." in text_of(fleet.cloud)
    assert "Said by support." not in text_of(fleet.cloud)
    assert "Said by support." in text_of(fleet.team)
    state = fleet.folder / ".wikibot"
    assert sorted(path.name for path in (state / "wikis").iterdir()) == ["cloud", "team"]
    assert not (state / "pages.json").exists()
    assert [path.name for path in (state / "wikis" / "team" / "checks").iterdir()] == ["support.json"]


def test_a_wiki_that_is_away_or_refuses_the_token_delays_no_other(managed: Fleet) -> None:
    fleet = managed
    fleet.say("sales", "Said by sales.")
    fleet.set_token("team", "rotated-away")

    ran = fleet.run("run", "--once")

    assert ran.code == 1
    assert "Said by sales." in text_of(fleet.cloud)
    assert [run.outcome for run in fleet.history("cloud").recent()] == [RunOutcome.SUCCESS]
    (failed,) = fleet.history("team").recent()
    assert (failed.outcome, "check user and token" in failed.message) == (RunOutcome.FAILED, True)

    told = fleet.run("status", "--format", "json")
    assert told.code == 2
    health = json.loads(told.out)
    assert {name: health[name]["level"] for name in health} == {"cloud": "well", "team": "failing"}
    assert health["cloud"]["workspaces"][0]["name"] == "sales"

    fleet.wikis["team"] = "{url: 'http://127.0.0.1:9', flavour: datacenter, tries: 1}"
    fleet.write()
    checked = fleet.run("check")
    assert checked.code == 1
    assert "ok      account Wiki Bot" in checked.out
    assert "error   account: " in checked.out


def test_what_a_message_advises_runs_as_printed(fleet: Fleet) -> None:
    fleet.add("team", "help").write_text(DATA.replace("home: Home", "home: Help"))
    fleet.team.add_page("Help", HOME.replace("All is well.", "The team helps."))
    fleet.say("sales", "We sell.")
    fleet.say("support", "We support.")
    fleet.write("jobs: [{run: sync, every: hour}]\nsafety: {canary: 0}\n")
    (fleet.folder / "bot.yaml").rename(fleet.folder / "moved.yaml")
    moved = ("--config", str(fleet.folder / "moved.yaml"))

    def advised(*words: str) -> list[str]:
        ran = fleet.run(*words)
        found = re.findall(r"`wikibot ([^`]+)`", ran.out + ran.err)
        assert found, ran
        return list(dict.fromkeys(found))

    with pytest.MonkeyPatch.context() as environment:
        environment.delenv("WIKIBOT_CONFIG")
        said = advised("sync", *moved)
        assert {f"adopt --workspace {name} --config {moved[1]}" for name in fleet.names} <= {*said}
        for words in (("run", "--once"), ("status",), ("stop", "a test")):
            said += advised(*words, "--wiki", "team", *moved)
        said += advised("banner", "set", "More.", "--workspace", "help", "--offline", *moved)
        tried = {line: fleet.run(*shlex.split(line)) for line in dict.fromkeys(said)}
    (fleet.folder / "moved.yaml").rename(fleet.folder / "bot.yaml")
    planned = advised("plan", "--format", "json", "--wiki", "team")
    assert planned == ["adopt --workspace support", "adopt --workspace help"]
    tried |= {line: fleet.run(*shlex.split(line)) for line in planned}

    assert {line: ran.err for line, ran in tried.items() if "choose" in ran.err or "does not exist" in ran.err} == {}


def test_a_command_for_one_workspace_finds_its_wiki_and_others_ask_for_one(managed: Fleet) -> None:
    fleet = managed
    cloud, team = len(fleet.cloud.requests), len(fleet.team.requests)

    assert fleet.run("plan", "--workspace", "support").code == 0
    assert len(fleet.cloud.requests) == cloud
    assert len(fleet.team.requests) > team

    added = fleet.run("banner", "set", "--line", "1", "New words.", "--workspace", "sales")
    assert added.code == 0, added.err
    assert "New words." in (fleet.folder / "sales.yaml").read_text()
    plan = fleet.folder / "plan.json"
    assert fleet.run("plan", "--wiki", "cloud", "--out", str(plan)).code == 2
    applied = fleet.run("apply", "--plan", str(plan))
    assert applied.code == 0, applied.err
    assert "New words." in text_of(fleet.cloud)
    os.mkfifo(fleet.folder / "pipe")
    for name in ("pipe", "-"):
        piped = fleet.run("apply", "--plan", name)
        assert piped.code == 1
        assert f"{name}: cannot be read" in piped.err
        assert "write a plan into a file with `wikibot plan --out plan.json`" in piped.err

    for words, error in (
        (("news", "list"), "has several wikis (cloud, team); choose one with --wiki or --workspace"),
        (("plan", "--out", "x"), "--out is for one wiki; choose one of cloud, team"),
        (("runs", "1"), "the number of a run is for one wiki"),
        (("plan", "--wiki", "claud"), "no wiki is named 'claud' (did you mean 'cloud'?)"),
        (("plan", "--workspace", "sale"), "no workspace is named 'sale' (did you mean 'sales'?)"),
    ):
        ran = fleet.run(*words)
        assert ran.code == 1
        assert error in ran.err


def test_a_command_of_which_a_process_was_killed_or_cannot_be_started_fails_and_says_so(
    managed: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fleet = managed
    assert fleet.run("run", "--once").code == 0
    assert fleet.run("status").code == 0
    kill = "import os, signal, sys\nif 'team' in sys.orig_argv:\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    (tmp_path / "sitecustomize.py").write_text(kill)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    ran = fleet.run("status")

    assert ran.code == 1
    assert ran.err == "team: ended by signal 9\n"
    assert "well" in ran.out

    def command_for(_app: object, wiki: str) -> list[str]:
        program = sys.executable if wiki == "cloud" else str(tmp_path / "absent")
        return [program, "-m", "bot", "--wiki", wiki, "status"]

    monkeypatch.setattr("bot.cli.each_wiki.command_for", command_for)
    other = fleet.run("status")

    assert other.code == 1
    assert other.err == "team: its process cannot be started: No such file or directory\n"
    assert "well" in other.out


def test_the_service_runs_the_wikis_side_by_side_and_starts_again_what_ended(managed: Fleet) -> None:
    fleet = managed
    fleet.write("jobs: [{run: sync, every: second}]\n")
    fleet.team.faults.add("429=250@any")
    with fleet.running() as process:
        fleet.say("sales", "Said while the other hangs.")
        wait_until(lambda: "Said while the other hangs." in text_of(fleet.cloud), fleet.log)

        second = fleet.run("run")
        assert second.code == 5
        assert f"process {process.pid}" in second.err
        third = fleet.run("run", "--once", "--wiki", "cloud")
        of_cloud = re.search(r"process (\d+)", third.err)
        assert of_cloud is not None, third.err
        os.kill(int(of_cloud[1]), signal.SIGKILL)
        wait_until(lambda: "the bot of wiki cloud ended with -9" in fleet.log.read_text(), fleet.log)
        fleet.say("sales", "Said after the restart.")
        wait_until(lambda: "Said after the restart." in text_of(fleet.cloud), fleet.log)

        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0, fleet.log.read_text()

    assert "cloud: ended" in fleet.log.read_text()
    assert "Fatal" not in fleet.log.read_text()


def test_the_processes_end_when_the_service_is_killed(fleet: Fleet) -> None:
    with fleet.running() as process:
        wait_until(lambda: fleet.history("cloud").recent() and fleet.history("team").recent(), fleet.log)
        process.kill()
        process.wait()

        log = fleet.log
        wait_until(lambda: "cloud: ended" in log.read_text() and "team: ended" in log.read_text(), log)


@pytest.mark.slow
def test_200_workspaces_on_two_wikis_need_few_requests_while_a_third_is_away(fleet: Fleet) -> None:
    fleet.workspaces.clear()
    fleet.wikis["away"] = "{url: 'http://127.0.0.1:9', flavour: datacenter, tries: 1}"
    fleet.set_token("away", "any")
    for number in range(100):
        for name, wiki in (("cloud", fleet.cloud), ("team", fleet.team)):
            wiki.add_page(f"Team {number}", HOME)
            fleet.add(name, f"{name}{number}").write_text(DATA.replace("home: Home", f"home: Team {number}"))
            fleet.write("safety: {max_changed_regions: 1000}\njobs: [{run: sync, every: hour}]\n")
    fleet.add("away", "away")
    fleet.write("safety: {max_changed_regions: 1000}\njobs: [{run: sync, every: hour}]\n")
    assert fleet.run("apply", "--yes").code == 1
    before = len(fleet.cloud.requests), len(fleet.team.requests)

    ran = fleet.run("run", "--once")

    assert ran.code == 1
    assert len(fleet.cloud.requests) - before[0] <= 12
    assert len(fleet.team.requests) - before[1] <= 12
    data = fleet.folder / "team5.yaml"
    data.write_text(data.read_text() + "unknown: 1\n")
    assert fleet.run("sync").code == 1
    health = json.loads(fleet.run("status", "--format", "json").out)
    assert {name: len(health[name]["workspaces"]) for name in health} == {"cloud": 100, "team": 100, "away": 1}
    assert [each["workspace"] for each in health["team"]["concerns"]] == ["team5"]
    assert health["cloud"]["concerns"] == []
