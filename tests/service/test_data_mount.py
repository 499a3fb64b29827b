"""Data files in a folder that the bot can read and not write: a read-only mount, as in a container."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.service.conftest import Service

pytestmark = [
    pytest.mark.parametrize("flavour", ["cloud"]),
    pytest.mark.skipif(
        shutil.which("unshare") is None or subprocess.run(["unshare", "--mount", "true"], check=False).returncode != 0,
        reason="only root can mount",
    ),
]


def _on_read_only_mount(service: Service, *words: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of the bot that sees the folder of the data file as a read-only mount."""
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    command = [sys.executable, "-m", "bot", *words, "--config", str(service.folder / "bot.yaml")]
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", mount, str(service.folder / "mounted"), *command],
        env={**os.environ, "WIKIBOT_WIKI__TOKEN": "bot-secret"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_edit_in_a_read_only_folder_is_published(service: Service) -> None:
    assert service.wikibot("adopt", "Home", "--yes")[0] == 0, service.err
    (service.folder / "mounted").mkdir()
    path = (service.folder / "ws2.yaml").rename(service.folder / "mounted" / "ws2.yaml")
    settings = service.folder / "bot.yaml"
    settings.write_text(settings.read_text().replace("data: ws2.yaml", "data: mounted/ws2.yaml"))

    first = _on_read_only_mount(service, "sync")
    path.write_text(path.read_text().replace("All is well.", "By a person."))
    ran = _on_read_only_mount(service, "run", "--once")
    plan = _on_read_only_mount(service, "plan")
    refused = _on_read_only_mount(service, "banner", "set", "--line", "1", "By command.")

    assert first.returncode == 0, first.stderr
    assert ran.returncode == 0, ran.stderr
    assert plan.returncode == 0, plan.stderr
    assert "By a person." in service.wiki.body(service.home)
    assert refused.returncode == 1
    assert "read-only" in refused.stderr.lower()
    assert "Traceback" not in refused.stderr
