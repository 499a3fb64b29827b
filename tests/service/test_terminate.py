"""SIGTERM ends the running bot within ten seconds, whatever it does; the next run goes on from there."""

import random
import re
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests

from bot.history import RunOutcome
from tests.cli.scheduled_bot import HOME, SECONDS_TO_END, ScheduledBot, wait_for
from wikiserver.testing import Wiki

EVERY_SECOND = "[{run: sync, every: second}, {run: snapshot, every: second}, {run: verify, every: second}]"
MOMENTS, PAGES = 40, 300
pytestmark = pytest.mark.parametrize("flavour", ["cloud"])


@contextmanager
def deaf_server() -> Iterator[str]:
    """A service on loopback that takes connections and never answers."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


class LoadedBot(ScheduledBot):
    """A bot with all that it can wait for: desk, monitoring, messages, snapshots."""

    def __init__(self, folder: Path, wiki: Wiki, deaf: str, *, more: str = "") -> None:
        super().__init__(folder, wiki, jobs=EVERY_SECOND)
        path = folder / "bot.yaml"
        path.write_text(
            path.read_text().replace("data: ws2.yaml", "data: ws2.yaml, archived: {labels: [old]}")
            + "desk: {listen: '127.0.0.1:0'}\nservice: {listen: '127.0.0.1:0'}\n"
            + "snapshots: {path: snapshots, signing_key: none}\nnotify: {channels: {ops: {}}}\n"
            + more
        )
        self.deaf = deaf

    @property
    def environment(self) -> dict[str, str]:
        if "notify:" not in (self.folder / "bot.yaml").read_text():
            return super().environment
        return {
            **super().environment,
            "WIKIBOT_NOTIFY__ADDRESSES__OPS": f"json://{self.deaf}/hook",
            "WIKIBOT_SERVICE__HEARTBEATS__SYNC": f"http://{self.deaf}/ping",
        }

    @contextmanager
    def running(self) -> Iterator["subprocess.Popen[str]"]:
        """The bot, whose standard output is in the file `out`."""
        with (self.folder / "out").open("w") as out:
            command = [*self.command(), "--log-format", "json"]
            process = subprocess.Popen(command, env=self.environment, stdout=out, stderr=subprocess.PIPE, text=True)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def sign_in(self) -> Callable[[], list[socket.socket]]:
        """Sign in at the desk; the result begins a check there, and opens requests for pages that need the wiki."""
        base, link = re.findall(r"(http://127[^/\s]*)(/sign-in/link/\S+)", (self.folder / "out").read_text())[0]
        session = requests.Session()
        origin = {"Referer": base, "Origin": base}
        token = _token(session.get(f"{base}{link}"))
        assert session.post(f"{base}{link}", data={"csrf_token": token}, headers=origin).ok
        token = _token(session.get(f"{base}/w/ws2/plan"))
        cookies = "; ".join(f"{each.name}={each.value}" for each in session.cookies)
        head = f"Host: {base.removeprefix('http://')}\r\nCookie: {cookies}\r\n"

        def use() -> list[socket.socket]:
            assert session.post(f"{base}/w/ws2/plan/check", data={"csrf_token": token}, headers=origin).ok
            opened = [socket.create_connection(("127.0.0.1", int(base.rpartition(":")[2]))) for _ in range(3)]
            for each in opened:
                each.sendall(f"GET /w/ws2/find?q=Home HTTP/1.1\r\n{head}\r\n".encode())
            return opened

        return use


def _token(page: requests.Response) -> str:
    return str(re.findall(r'name="csrf_token" value="([^"]+)"', page.text)[0])


def _begin_requests(base: str, path: str, count: int) -> list[socket.socket]:
    """Begin requests that are never complete, more than the server has threads for."""
    host, _, port = base.partition("//")[2].partition(":")
    opened = []
    for _ in range(count):
        opened.append(socket.create_connection((host, int(port))))
        opened[-1].sendall(f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 1000\r\n\r\nhalf".encode())
    return opened


def _children(process: "subprocess.Popen[str]") -> list[int]:
    """Return the processes that threads of *process* started."""
    lists = Path(f"/proc/{process.pid}/task").glob("*/children")
    return [int(each) for one in lists for each in one.read_text().split()]


def _end(process: "subprocess.Popen[str]") -> float:
    """Send SIGTERM; returns how long it took until the process and all that it started were gone."""
    children = _children(process)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    process.wait(2 * SECONDS_TO_END)
    took = time.monotonic() - began
    alive = [each for each in children if _is_alive(each)]
    assert alive == []
    return took


def _command(number: int) -> str:
    try:
        return Path(f"/proc/{number}/cmdline").read_text()
    except OSError:
        return ""


def _is_alive(number: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{number}/status").read_text()
    except OSError:
        return False


def test_everything_hangs_at_once(tmp_path: Path, wiki: Wiki) -> None:
    wiki.add_page("Home", HOME)
    with deaf_server() as deaf:
        bot = LoadedBot(tmp_path, wiki, deaf)
        with bot.running() as process:
            log = wait_for(process, "job verify: ")
            said = " ".join(line["message"] for line in log)
            service = re.search(r"metrics are at (\S+)", said)
            assert service is not None
            use_desk = bot.sign_in()
            wiki.faults.add("timeout@any")
            before = len(wiki.requests)
            while len(wiki.requests) == before:
                time.sleep(0.01)
            opened = [*_begin_requests(service[1], "/hooks/wiki", 5), *use_desk()]
            time.sleep(0.5)  # let all of it begin; nothing is decided by it

            took = _end(process)
            for each in opened:
                each.close()

    assert took < SECONDS_TO_END
    wiki.faults.clear()
    assert RunOutcome.SUCCESS in {run.outcome for run in bot.history.recent()}


def test_a_deaf_git_server_keeps_no_process(tmp_path: Path, wiki: Wiki) -> None:
    wiki.add_page("Home", HOME)
    with deaf_server() as deaf:
        bot = LoadedBot(tmp_path, wiki, deaf, more=f"data_git: {{remote: 'http://{deaf}/data.git', folder: clone}}\n")
        (tmp_path / "clone").mkdir()
        with bot.running() as process:
            while not any("fetch" in _command(each) for each in _children(process)):
                assert process.poll() is None
                time.sleep(0.01)

            took = _end(process)

    assert took < SECONDS_TO_END


@pytest.mark.slow
def test_any_moment_under_load(tmp_path: Path, wiki: Wiki) -> None:
    seed = random.Random(7)  # noqa: S311 -- a script, no secret
    home = wiki.add_page("Home", HOME)
    pages = [wiki.add_page(f"Old {number}", f"<p>old {number}</p>", labels=("old",)) for number in range(PAGES)]
    with deaf_server() as deaf:
        bot = LoadedBot(tmp_path, wiki, deaf)
        for moment in range(MOMENTS):
            for page in pages:
                wiki.edit(page, f"<p>text {moment} of {page}</p>")
            wiki.edit(home, f"<p>{moment}</p>{HOME}")
            wiki.faults.clear()
            wiki.faults.add(seed.choice(["503@any*5", "429=30@any*1", "timeout=3@any*2", "reset@any*3", "date@any*1"]))
            with bot.running() as process:
                wait_for(process, "scheduled")
                time.sleep(seed.random() * 6)  # any moment will do
                took = _end(process)
            assert took < SECONDS_TO_END, moment

    wiki.faults.clear()
    settings = tmp_path / "bot.yaml"
    settings.write_text(settings.read_text().replace("notify: {channels: {ops: {}}}", ""))
    bot.run("--once")
    ended = [bot.history.last_run(job) for job in ("sync", "snapshot", "verify")]
    assert {run and run.outcome for run in ended} == {RunOutcome.SUCCESS}, ended
    command = [*bot.command()[:3], "verify", "--config", str(tmp_path / "bot.yaml")]
    verify = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (verify.returncode, verify.stderr) == (0, "")
