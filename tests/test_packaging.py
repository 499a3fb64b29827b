"""The wheel contains all that the program needs."""

import os
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
    (wheel,) = folder.glob("wikibot-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(installed: Path, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(installed)}
    return subprocess.run(
        [sys.executable, "-m", "bot", *words], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )


def test_the_wheel_renders_with_its_own_templates(installed: Path, tmp_path: Path) -> None:
    ran = run(
        installed,
        "render",
        "status",
        "--offline",
        "--config",
        str(ROOT / "config" / "example" / "bot.yaml"),
        cwd=tmp_path,
    )

    assert ran.returncode == 0, ran.stderr
    assert "<p><strong>Project Status:</strong></p>" in ran.stdout
    assert (installed / "bot" / "_data" / "templates" / "wiki" / "status.xml.j2").is_file()


def test_the_wheel_contains_the_demo_settings_and_nothing_of_the_tests_or_the_embedded_wiki(installed: Path) -> None:
    assert (installed / "bot" / "_data" / "demo" / "bot.yaml").is_file()
    assert {path.name for path in installed.iterdir() if not path.name.endswith(".dist-info")} == {"bot"}
