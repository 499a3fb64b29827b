"""The mirror in the settings: what `snapshot` and `verify` do with it, against a real S3-compatible server."""

import os
from collections.abc import Iterator

import pytest

from bot.snapshot.mirror.object_store import ObjectStore
from tests.journeys.conftest import HOME, Desk
from tests.snapshot.object_server import KEY_ID, SECRET, ObjectServer, running_server
from tests.snapshot.small_tree import tree_bytes

pytestmark = pytest.mark.parametrize("seed", ["demo"])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def store(desk: Desk, server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> ObjectStore:
    """A desk whose settings name a mirror; the store is empty."""
    store = server.store(server.make_bucket(), "ws2")
    desk.data.write_text(f"workspace: {{space: WS2, home: {HOME}}}\n")
    settings = desk.folder / "bot.yaml"
    text = settings.read_text().replace("path: snapshots", f"path: snapshots, mirror: '{store.address}'")
    settings.write_text(f"{text}object_store: {{endpoint: '{server.endpoint}'}}\n")
    monkeypatch.setenv("WIKIBOT_OBJECT_STORE__ACCESS_KEY_ID", KEY_ID)
    monkeypatch.setenv("WIKIBOT_OBJECT_STORE__SECRET_ACCESS_KEY", SECRET)
    return store


def objects_of(store: ObjectStore) -> dict[str, bytes]:
    return {each.path: store.read(each.path) for each in store.iter_objects()}


@pytest.mark.parametrize("flavour", ["cloud"])
def test_a_run_is_mirrored_and_verified_from_there(
    desk: Desk, store: ObjectStore, server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = desk.ran("snapshot", "-v")

    assert f"mirror {store.address}: run 1 is there" in ran.out
    assert objects_of(store) == tree_bytes(desk.folder / "snapshots")
    there = desk.ran("verify", str(store.address), "--format", "json").json
    here = desk.ran("verify", "snapshots", "--format", "json").json
    assert there | {"root": ""} == here | {"root": ""}
    assert there["root"] == str(store.address)
    assert SECRET not in ran.out + ran.err
    assert KEY_ID not in ran.out + ran.err
    assert not any(SECRET.encode() in path.read_bytes() for path in desk.folder.rglob("*") if path.is_file())

    monkeypatch.chdir(os.path.dirname(desk.folder))  # noqa: PTH120 -- an auditor elsewhere, without settings
    monkeypatch.delenv("WIKIBOT_CONFIG")
    monkeypatch.setenv("WIKIBOT_OBJECT_STORE__ENDPOINT", server.endpoint)
    assert "every file agrees" in desk.ran("verify", str(store.address)).out
    assert "need the snapshots on disk" in desk.ran("verify", str(store.address), "--renditions", code=1).err


@pytest.mark.parametrize("flavour", ["datacenter"])
def test_a_mirror_that_fails_is_no_success_and_the_next_run_makes_up_for_it(
    desk: Desk, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WIKIBOT_OBJECT_STORE__SECRET_ACCESS_KEY", "not-the-secret")
    failed = desk.ran("snapshot", "--format", "json", code=1).json
    captured = tree_bytes(desk.folder / "snapshots")
    monkeypatch.setenv("WIKIBOT_OBJECT_STORE__SECRET_ACCESS_KEY", SECRET)
    again = desk.ran("snapshot", "--format", "json").json

    assert failed["verdict"] == "complete"
    assert "secret_access_key" in failed["mirror"]["problem"]
    assert "not-the-secret" not in failed["mirror"]["problem"]
    assert (again["captured"], again["mirror"]["problem"]) == (0, "")
    assert objects_of(store) == captured == tree_bytes(desk.folder / "snapshots")
    store._client.put_object(Bucket=store.address.bucket, Key="ws2/README.md", Body=b"by somebody else")
    found = desk.ran("verify", str(store.address), code=3).out
    assert "changed: README.md" in found


@pytest.mark.parametrize("flavour", ["cloud"])
def test_what_is_wrong_with_the_settings_is_said_before_anything_is_captured(
    desk: Desk, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WIKIBOT_OBJECT_STORE__SECRET_ACCESS_KEY")
    said = desk.ran("snapshot", code=1).err
    monkeypatch.setenv("WIKIBOT_OBJECT_STORE__SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("WIKIBOT_OBJECT_STORE__ENDPOINT", "http://169.254.169.254")
    metadata = desk.ran("snapshot", code=1).err
    monkeypatch.setenv("WIKIBOT_OBJECT_STORE__ENDPOINT", "https://169.254.169.254")
    encrypted = desk.ran("verify", str(store.address), code=1).err
    path = desk.folder / "bot.yaml"
    path.write_text(path.read_text().replace("object_store: {", "object_store: {secret_access_key: x, "))

    assert "WIKIBOT_OBJECT_STORE__SECRET_ACCESS_KEY" in said
    assert "must be an https address" in metadata
    assert "inside a private network" in encrypted
    assert not (desk.folder / "snapshots").exists()
    assert "object_store.secret_access_key is a secret and must not be in this file" in desk.ran("snapshot", code=1).err
