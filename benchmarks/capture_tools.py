"""The two programs that `capture` compares, as a user runs them."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.page_world import SPACE
from benchmarks.process_cost import Cost, run_measured
from tests.clients.programs import configure_exporter, environment_of, program_path
from wikiserver.testing import Wiki

ROOT = Path(__file__).resolve().parent.parent


class Tool(Protocol):
    """A program that makes Markdown of a space, and brings it up to date when it runs again."""

    @property
    def output(self) -> Path:
        """The folder that it writes."""

    def run(self) -> Cost:
        """Run once."""


def wikibot_environment(wiki: Wiki) -> dict[str, str]:
    """Return the variables for wikibot; as for an installed program, its bytecode is kept."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "WIKIBOT_WIKI__TOKEN": "bot-secret"}
    environment |= {"WIKIBOT_WIKI__URL": wiki.url, "WIKIBOT_WIKI__FLAVOUR": wiki.flavour, "WIKIBOT_WIKI__USER": "bot"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return environment


@dataclass
class Wikibot:
    """`wikibot snapshot --all`, with its default settings and a signing key."""

    wiki: Wiki
    folder: Path

    def __post_init__(self) -> None:
        key = self.folder / "snapshots-key"
        if shutil.which("ssh-keygen"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        (self.folder / "bot.yaml").write_text(
            f"wiki: {{url: {self.wiki.url}}}\nworkspaces: [{{name: big, data: big.yaml}}]\njobs: []\n"
            f"snapshots: {{path: snapshots, signing_key: {'snapshots-key' if key.exists() else 'none'}}}\n"
        )
        (self.folder / "big.yaml").write_text(f"workspace: {{space: {SPACE}, home: Page 0}}\n")

    @property
    def output(self) -> Path:
        return self.folder / "snapshots"

    def run(self) -> Cost:
        environment = wikibot_environment(self.wiki) | {"WIKIBOT_CONFIG": str(self.folder / "bot.yaml")}
        command = [sys.executable, "-m", "bot", "snapshot", "--all"]
        return run_measured(command, folder=self.folder, environment=environment)


@dataclass
class Exporter:
    """confluence-markdown-exporter, with its default settings."""

    wiki: Wiki
    folder: Path

    @property
    def output(self) -> Path:
        return self.folder / "export"

    def run(self) -> Cost:
        self.wiki.server.app.is_also_at_root = True  # it adds `/wiki` for hosts at atlassian.net only
        url, is_cloud = self.wiki.server.url, self.wiki.flavour == "cloud"
        environment = environment_of(self.folder) | configure_exporter(
            self.folder, url, is_cloud=is_cloud, connection={}
        )
        environment.pop("PYTHONDONTWRITEBYTECODE")
        command = [str(program_path("cme")), "spaces", f"{url}/spaces/{SPACE}"]
        return run_measured(command, folder=self.folder, environment=environment)


TOOLS: dict[str, type[Wikibot] | type[Exporter]] = {
    "wikibot": Wikibot,
    "confluence-markdown-exporter": Exporter,
}
