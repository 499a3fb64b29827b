"""The distribution contains all that the wiki needs, and nothing of the bot."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files, laid out as an installer would."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)], cwd=ROOT, check=True)
    (wheel,) = folder.glob("wikibot_wikiserver-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_the_wheel_seeds_the_demo_by_itself(installed: Path, tmp_path: Path) -> None:
    program = "import sys; sys.modules['bot'] = None; from wikiserver.commands import cli; cli()"

    ran = subprocess.run(
        [sys.executable, "-c", program, "export", str(tmp_path / "world")],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr
    assert re.fullmatch(r"\d+ pages in .*\n", ran.stdout)
    assert (tmp_path / "world" / "WS2" / "space.yaml").is_file()


def test_the_wheel_contains_the_wiki_with_its_pages_and_nothing_else(installed: Path) -> None:
    names = {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")}

    assert names == {"wikiserver"}
    assert (installed / "wikiserver" / "pages" / "templates" / "wiki" / "page.html").is_file()
    assert (installed / "wikiserver" / "pages" / "static" / "wiki.js").is_file()
