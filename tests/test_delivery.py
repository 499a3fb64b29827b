"""What is shipped around the program: images, compose file, units, manifests, release."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from script.environments import SetUpError
from script.release import release

ROOT = Path(__file__).resolve().parents[1]
DEPLOY = ROOT / "deploy"
IMAGES = [ROOT / "Dockerfile", DEPLOY / "demo-wiki.Dockerfile"]
POD_FILES = ["deployment.yaml", "cronjob.yaml"]


def copied_by(dockerfile: Path) -> list[str]:
    lines = [line for line in dockerfile.read_text().splitlines() if line.startswith("COPY ") and "--from" not in line]
    return [word for line in lines for word in line.split()[1:-1]]


@pytest.mark.parametrize("dockerfile", IMAGES, ids=lambda path: path.name)
def test_an_image_copies_what_exists_and_the_builder_is_sent_nothing_else(dockerfile: Path) -> None:
    ignore = ROOT / ".dockerignore" if dockerfile.parent == ROOT else Path(f"{dockerfile}.dockerignore")
    lines = ignore.read_text().splitlines()

    assert [name for name in copied_by(dockerfile) if not (ROOT / name).exists()] == []
    assert "*" in lines
    assert sorted(line[1:] for line in lines if line.startswith("!")) == sorted(copied_by(dockerfile))


@pytest.mark.parametrize("dockerfile", IMAGES, ids=lambda path: path.name)
def test_an_image_is_pinned_by_digest_and_runs_without_rights(dockerfile: Path) -> None:
    text = dockerfile.read_text()

    (base,) = re.findall(r"^ARG PYTHON_IMAGE=(.*)$", text, re.MULTILINE)
    assert re.fullmatch(r"python:[\w.-]+@sha256:[0-9a-f]{64}", base)
    assert {line.split()[1] for line in text.splitlines() if line.startswith("FROM ")} == {"${PYTHON_IMAGE}"}
    assert [line for line in text.splitlines() if line.startswith("USER ")] == ["USER 10001"]
    assert 'ENTRYPOINT ["wikibot"]' in text


def test_the_image_of_the_bot_has_nothing_of_the_embedded_wiki_and_both_have_one_base() -> None:
    bases = [re.findall(r"^ARG PYTHON_IMAGE=.*$", path.read_text(), re.MULTILINE) for path in IMAGES]

    assert "wikiserver" not in (ROOT / "Dockerfile").read_text()
    assert bases[0] == bases[1]


def test_the_compose_file_runs_everything_read_only_and_the_wiki_only_for_the_demo() -> None:
    services: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]

    assert set(services) == {"bot", "desk", "wiki"}
    for service in services.values():
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))
    assert services["wiki"]["profiles"] == ["demo"]
    assert "profiles" not in services["bot"]
    assert services["bot"]["command"] == ["run"]
    assert "../config:/etc/wikibot:ro" in services["bot"]["volumes"]


def pod_in(name: str) -> dict[str, Any]:
    spec = next(iter(yaml.safe_load_all((DEPLOY / "kubernetes" / name).read_text())))["spec"]
    found: dict[str, Any] = spec.get("jobTemplate", {}).get("spec", spec)["template"]
    return found


@pytest.mark.parametrize("name", POD_FILES)
def test_a_pod_is_as_the_restricted_profile_demands(name: str) -> None:
    spec = pod_in(name)["spec"]
    (container,) = spec["containers"]

    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == spec["securityContext"]["fsGroup"] == 10001
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {mount["name"] for mount in container["volumeMounts"]} == {volume["name"] for volume in spec["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"] if mount.get("readOnly")} == {"settings", "secrets"}


def test_the_two_ways_to_run_in_kubernetes_differ_only_in_what_they_run() -> None:
    deployment, cronjob = (pod_in(name)["spec"] for name in POD_FILES)

    for spec, words in ((deployment, ["run"]), (cronjob, ["run", "--once"])):
        (container,) = spec["containers"]
        assert container.pop("args") == words
        for own in ("name", "ports", "startupProbe", "livenessProbe"):
            container.pop(own, None)
        spec.pop("restartPolicy", None)
    assert deployment == cronjob


def test_the_rules_of_the_network_are_for_the_pods_that_exist() -> None:
    policy = yaml.safe_load((DEPLOY / "kubernetes" / "network.yaml").read_text())["spec"]

    for name in POD_FILES:
        labels = pod_in(name)["metadata"]["labels"]
        assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    assert policy["policyTypes"] == ["Ingress", "Egress"]


@pytest.mark.needs("systemd-analyze")
def test_the_units_expose_little() -> None:
    unit = DEPLOY / "systemd" / "wikibot@.service"

    judged = subprocess.run(
        ["systemd-analyze", "security", "--no-pager", "--offline=true", "--threshold=20", unit],
        capture_output=True,
        text=True,
        check=False,
    )

    assert judged.returncode == 0, judged.stdout + judged.stderr
    assert float(re.findall(r"exposure level for \S+: ([\d.]+)", judged.stdout)[0]) <= 2.0


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A commit of its own with what a release is made from, as it is in this tree now."""
    folder = tmp_path_factory.mktemp("checkout")
    names = ["bot", "templates", "config", "requirements", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE"]
    files = subprocess.run(
        ["git", "ls-files", "-z", *names], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    for name in filter(None, files):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes((ROOT / name).read_bytes())
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "As released")
    return folder


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True)


@pytest.mark.needs("git")
def test_a_release_is_complete_and_the_same_bytes_each_time(checkout: Path, tmp_path: Path) -> None:
    first, second = (release(checkout, tmp_path / name, Path(sys.executable)) for name in ("one", "two"))

    assert [path.name for path in first] == [
        "wikibot-0.1.0-py3-none-any.whl",
        "wikibot-0.1.0-requirements.txt",
        "wikibot-0.1.0.tar.gz",
        "SHA256SUMS",
    ]
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", "SHA256SUMS"], cwd=tmp_path / "one", check=True)


@pytest.mark.needs("git")
def test_a_release_is_refused_of_a_tree_with_changes_or_with_the_tag_of_another(checkout: Path, tmp_path: Path) -> None:
    (checkout / "README.md").write_text("changed\n")
    with pytest.raises(SetUpError, match=r"not committed:\nM README\.md"):
        release(checkout, tmp_path / "out", Path(sys.executable))
    git(checkout, "checkout", "--quiet", "README.md")
    git(checkout, "tag", "v9.9")
    with pytest.raises(SetUpError, match=r"the tag v9\.9, and pyproject\.toml the version 0\.1\.0"):
        release(checkout, tmp_path / "out", Path(sys.executable))
    git(checkout, "tag", "--delete", "v9.9")

    assert not (tmp_path / "out").exists()
