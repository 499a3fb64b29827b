"""The container images, run as docs/deploy.md says; `script/image` builds them and names their root folders."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest
import requests

from tests.desk.test_write_news import fields_of
from tests.journeys.conftest import HOME
from wikiserver.testing import Wiki

IMAGE, WIKI_IMAGE = os.environ.get("WIKIBOT_IMAGE", ""), os.environ.get("WIKIBOT_WIKI_IMAGE", "")
BOT_UID = 10001
SETTINGS = """
wiki: {{url: {url}, flavour: cloud, user: bot, writes_per_minute: 6000}}
workspaces:
  - name: ws2
    data: /var/lib/wikibot/data/ws2.yaml
    archived: {{labels: [archived]}}
jobs: [{{run: sync, every: 10 minutes}}, {{run: snapshot, every: day, at: "02:30", timezone: UTC}}]
snapshots: {{path: snapshots, signing_key: none}}
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not IMAGE, reason="script/image builds the images and runs this"),
]


class Container:
    """One way to run an image: its root read-only, no capability, one volume of its own, everything else as given."""

    def __init__(self, root: str, folder: Path, home: str, mounts: dict[str, Path], variables: dict[str, str]) -> None:
        self.volume = folder / "volume"
        self.volume.mkdir()
        os.chown(self.volume, BOT_UID, BOT_UID)
        self._bundle = folder / "bundle"
        self._bundle.mkdir()
        subprocess.run(["runc", "spec"], cwd=self._bundle, check=True)
        self._spec = json.loads((self._bundle / "config.json").read_text())
        self._spec["root"] = {"path": root, "readonly": True}
        process = self._spec["process"]
        process |= {"terminal": False, "user": {"uid": BOT_UID, "gid": BOT_UID}, "cwd": home, "noNewPrivileges": True}
        process["env"] = [f"{name}={value}" for name, value in variables.items()]
        process["capabilities"] = {kind: [] for kind in process["capabilities"]}
        bind = {"type": "bind", "options": ["rbind", "ro"]}
        linux = self._spec["linux"]
        linux["namespaces"] = [each for each in linux["namespaces"] if each["type"] != "network"]
        for to, source in mounts.items():
            self.mount(to, source)
        self._spec["mounts"] += [
            bind | {"destination": home, "source": str(self.volume), "options": ["rbind", "rw"]},
            {"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["mode=1777"]},  # noqa: S108 -- inside
        ]

    def mount(self, to: str, source: Path) -> None:
        """Mount a folder read-only, from the next run on."""
        options = {"type": "bind", "options": ["rbind", "ro"]}
        self._spec["mounts"].append(options | {"destination": to, "source": str(source)})

    def start(self, words: Sequence[str]) -> "subprocess.Popen[str]":
        self._spec["process"]["args"] = list(words)
        (self._bundle / "config.json").write_text(json.dumps(self._spec))
        command = ["runc", "run", f"wikibot-{uuid.uuid4().hex}"]
        return subprocess.Popen(command, cwd=self._bundle, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def ran(self, *words: str, code: int = 0) -> str:
        process = self.start(words)
        output, _ = process.communicate(timeout=300)
        assert process.returncode == code, output
        return output


@pytest.fixture
def container(tmp_path: Path, wiki: Wiki) -> Container:
    config, secrets = tmp_path / "config", tmp_path / "secrets"
    for folder in (config, secrets):
        folder.mkdir()
    (config / "bot.yaml").write_text(SETTINGS.format(url=wiki.url))
    (secrets / "wikibot_wiki__token").write_text("bot-secret")
    (secrets / "wikibot_wiki__token").chmod(0o400)
    os.chown(secrets / "wikibot_wiki__token", BOT_UID, BOT_UID)
    variables = {
        "PATH": "/opt/wikibot/bin:/usr/local/bin:/usr/bin:/bin",
        "PYTHONDONTWRITEBYTECODE": "1",
        "WIKIBOT_CONFIG": "/etc/wikibot/bot.yaml",
        "WIKIBOT_STATE": "/var/lib/wikibot/state",
        "WIKIBOT_SNAPSHOTS__PATH": "/var/lib/wikibot/snapshots",
    }
    mounts = {"/etc/wikibot": config, "/run/secrets": secrets}
    made = Container(IMAGE, tmp_path, "/var/lib/wikibot", mounts, variables)
    (made.volume / "data").mkdir()
    os.chown(made.volume / "data", BOT_UID, BOT_UID)
    return made


def test_the_root_is_read_only_and_has_no_build_tool_and_no_embedded_wiki(container: Container) -> None:
    probe = (
        "import importlib.util as u, json, os, shutil; "
        "print(json.dumps([os.getuid(), "
        "[m for m in ('pip', 'ensurepip', 'hatchling', 'wikiserver') if u.find_spec(m)], "
        "[p for p in ('pip', 'pip3', 'gcc', 'cc', 'make') if shutil.which(p)], "
        "[p for p in ('git', 'ssh-keygen', 'openssl') if not shutil.which(p)], "
        "[p for p in ('/', '/opt/wikibot', '/etc/wikibot', '/run/secrets', '/usr') if os.access(p, os.W_OK)]]))"
    )

    found = [json.loads(container.ran(python, "-c", probe)) for python in ("python3", "/usr/local/bin/python3")]

    assert found == [[BOT_UID, [], [], [], []]] * 2
    assert "read-only" in container.ran("sh", "-c", "touch /usr/x", code=1).lower()


@pytest.mark.parametrize("seed", ["demo"])
def test_the_bot_adopts_publishes_captures_and_verifies_in_its_image(container: Container, wiki: Wiki) -> None:
    container.ran("wikibot", "adopt", HOME, "--space", "WS2", "--yes")
    container.ran("wikibot", "banner", "set", "--line", "1", "Written in a container.")
    container.ran("wikibot", "check")
    container.ran("wikibot", "run", "--once")
    container.ran("wikibot", "snapshot")
    container.ran("wikibot", "verify")

    assert "Written in a container." in wiki.body(wiki.find(HOME).id)
    before = len(wiki.requests)
    container.ran("wikibot", "sync")
    assert {method for method, _ in wiki.requests[before:]} == {"GET"}
    assert sorted(path.name for path in container.volume.iterdir()) == ["data", "feeds", "snapshots", "state"]


@pytest.mark.parametrize("seed", ["demo"])
def test_the_bot_ends_within_ten_seconds_of_a_signal(container: Container) -> None:
    container.ran("wikibot", "adopt", HOME, "--space", "WS2", "--yes")
    process = container.start(("wikibot", "run"))
    while not (container.volume / "state" / "run.lock").exists():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.1)

    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=10)

    assert process.returncode == 0, output


@pytest.fixture
def managed(container: Container, wiki: Wiki) -> Container:
    """A bot that manages the home page, with a news item of its own."""
    del wiki
    container.ran("wikibot", "adopt", HOME, "--space", "WS2", "--yes")
    container.ran("wikibot", "news", "add", "Said by a command.", "--id", "said")
    return container


@pytest.mark.parametrize("seed", ["demo"])
def test_an_edit_in_a_git_remote_is_published_and_one_by_command_is_pushed(
    managed: Container, wiki: Wiki, tmp_path: Path
) -> None:
    person, bare, key = tmp_path / "person", managed.volume / "remote.git", tmp_path / "secrets" / "sign-key"
    _git(tmp_path, "init", "--quiet", "--initial-branch=main", str(person))
    shutil.move(managed.volume / "data" / "ws2.yaml", person)
    shutil.rmtree(managed.volume / "data")
    _git(person, "add", ".")
    _git(person, "commit", "--quiet", "-m", "The data file")
    _git(person, "clone", "--quiet", "--bare", ".", str(bare))
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    os.chown(key, BOT_UID, BOT_UID)
    _give(bare, BOT_UID)
    with (tmp_path / "config" / "bot.yaml").open("a") as settings:
        settings.write(
            "data_git: {remote: 'file:///var/lib/wikibot/remote.git', folder: /var/lib/wikibot/data, "
            "commit_key: /run/secrets/sign-key}\n"
        )

    managed.ran("wikibot", "check")
    managed.ran("wikibot", "banner", "set", "--line", "1", "By command.")
    _change(person / "ws2.yaml", "Said in the remote.")
    _git(person, "commit", "--quiet", "-am", "A person changes the text")
    _give(bare, os.getuid())  # git serves a repository only for its owner
    _git(person, "push", "--quiet", f"file://{bare}", "HEAD:main")
    _give(bare, BOT_UID)
    managed.ran("wikibot", "run", "--once")

    body = wiki.body(wiki.find(HOME).id)
    assert "Said in the remote." in body
    assert "By command." in body
    assert "By command." in _git(bare, "show", "main:ws2.yaml")
    assert "Said in the remote." in _git(bare, "show", "main:ws2.yaml")
    assert "BEGIN SSH SIGNATURE" in _git(bare, "cat-file", "commit", "main")


@pytest.mark.parametrize("seed", ["demo"])
def test_an_edit_in_a_mounted_folder_that_is_read_only_is_published(
    managed: Container, wiki: Wiki, tmp_path: Path
) -> None:
    folder = tmp_path / "mounted"
    shutil.move(managed.volume / "data", folder)
    managed.mount("/srv/data", folder)
    settings = tmp_path / "config" / "bot.yaml"
    settings.write_text(settings.read_text().replace("/var/lib/wikibot/data/ws2.yaml", "/srv/data/ws2.yaml"))
    _change(folder / "ws2.yaml", "Said in the folder.")

    managed.ran("wikibot", "run", "--once")

    assert "Said in the folder." in wiki.body(wiki.find(HOME).id)


@pytest.mark.parametrize("seed", ["demo"])
def test_an_edit_at_the_desk_is_published(managed: Container, wiki: Wiki) -> None:
    process = managed.start(("wikibot", "serve", "--port", "18091"))
    try:
        assert process.stdout is not None
        link = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+/sign-in/link/\S+", line)))
        base = link.partition("/sign-in")[0]
        with requests.Session() as browser:
            browser.headers["Origin"] = base
            _send(browser, link, link, {})
            form = f"{base}/w/ws2/news/said"
            fields = fields_of(browser.get(form, timeout=60).text) | {"text": "Said at the desk.", "action": "save"}
            _send(browser, form, form, fields)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)

    managed.ran("wikibot", "run", "--once")

    assert "Said at the desk." in wiki.body(wiki.find(HOME).id)


def _send(browser: requests.Session, page: str, to: str, fields: dict[str, str]) -> None:
    """Send the form of a page, with the token that it has."""
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(page, timeout=60).text)
    assert token is not None
    answer = browser.post(to, fields | {"csrf_token": token[1]}, allow_redirects=False, timeout=60)
    assert answer.status_code in (302, 303), answer.text


def _give(folder: Path, uid: int) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, uid, uid)


def _git(folder: Path, *words: str) -> str:
    options = ("-c", "user.name=Ana", "-c", "user.email=ana@example.org", "-c", "safe.directory=*")
    return subprocess.run(["git", *options, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


def _change(path: Path, words: str) -> None:
    text = path.read_text()
    assert "Said by a command." in text
    path.write_text(text.replace("Said by a command.", words))


@pytest.fixture
def demo(tmp_path: Path) -> Container:
    folder = tmp_path / "demo"
    folder.mkdir()
    return Container(WIKI_IMAGE, folder, "/var/lib/wiki", {}, {"PATH": "/opt/demo/bin:/usr/local/bin:/usr/bin:/bin"})


def test_the_image_of_the_demo_shows_the_whole_job(demo: Container) -> None:
    assert "verify" in demo.ran("wikibot", "demo", "--once")
