"""The mirror in object storage, against a real S3-compatible server; what counts is what the server has afterwards."""

import datetime as dt
import hashlib
import ipaddress
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from bot.errors import ObjectStoreError
from bot.snapshot.archive.checkpoint import HEAD, SIGNATURE
from bot.snapshot.archive.disk import Disk
from bot.snapshot.archive.library import load_library
from bot.snapshot.archive.paths import attachment_path
from bot.snapshot.archive.signature import Signer
from bot.snapshot.erasure.removal import redact
from bot.snapshot.erasure.traces import find_traces
from bot.snapshot.mirror.folder_mirror import FolderMirror
from bot.snapshot.mirror.mirror_report import MirrorReport
from bot.snapshot.mirror.object_store import (
    Expected,
    ObjectStore,
    Retention,
    StoreAccess,
    StoreAddress,
    StoreConflictError,
)
from bot.snapshot.mirror.stored_tree import StoredTree
from bot.snapshot.mirror.upload_memory import UploadMemory
from bot.snapshot.verify.verification import Verification, verify
from tests.snapshot.object_server import ObjectServer, running_server
from tests.snapshot.small_tree import (
    CLOCK,
    PAGES,
    capture_first,
    capture_second,
    finish,
    open_run,
    put_page,
    state_of,
    tree_bytes,
)

MIB = 1024 * 1024
PAGE = "WS2/data/2026/board-meeting--101.md"
Files = dict[str, bytes]
Change = Callable[[Files], None]
_numbers = itertools.count()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    with running_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="module")
def bucket(server: ObjectServer) -> str:
    return server.make_bucket()


@pytest.fixture(scope="module")
def locking_bucket(server: ObjectServer) -> str:
    return server.make_bucket(locks=True)


@pytest.fixture
def store(server: ObjectServer, bucket: str) -> ObjectStore:
    return server.store(bucket, f"archive-{next(_numbers)}/ws2")


@pytest.fixture
def root(tmp_path: Path, signer: Signer) -> Path:
    """Signed snapshots of one run."""
    root = tmp_path / "snapshots"
    capture_first(root, Disk(), signer=signer)
    return root


def mirror(
    root: Path, store: ObjectStore, *, part_bytes: int = 8 * MIB, should_stop: Callable[[], bool] = lambda: False
) -> MirrorReport:
    with closing(UploadMemory(state_of(root).mirror(str(store.address)))) as memory:
        return FolderMirror(root, store, memory, part_bytes, should_stop).run()


def objects_of(store: ObjectStore) -> dict[str, bytes]:
    return {each.path: store.read(each.path) for each in store.iter_objects()}


def put_over(store: ObjectStore, path: str, data: bytes) -> None:
    """Write an object as somebody else would: without a condition."""
    store._client.put_object(Bucket=store.address.bucket, Key=store.address.prefix + path, Body=data)


def verify_store(store: ObjectStore) -> Verification:
    with StoredTree(store) as tree:
        return verify(tree.place, tree=tree)


def test_the_store_has_every_file_of_each_run_and_verifies_like_the_folder(
    root: Path, store: ObjectStore, signer: Signer
) -> None:
    first = mirror(root, store)
    after_first = objects_of(store) == tree_bytes(root)
    capture_second(root, Disk(), signer=signer)
    second = mirror(root, store)

    assert (first.problem, after_first, second.problem) == ("", True, "")
    assert objects_of(store) == tree_bytes(root)
    assert second.uploaded < first.uploaded + 10
    here, there = verify(root), verify_store(store)
    assert there.is_clean
    assert (there.head_digest, there.bags, there.runs, there.hashed_files, there.hashed_bytes) == (
        here.head_digest,
        here.bags,
        here.runs,
        here.hashed_files,
        here.hashed_bytes,
    )


def test_nothing_is_uploaded_twice(root: Path, store: ObjectStore) -> None:
    mirror(root, store)
    before = {each.path: each.etag for each in store.iter_objects()}

    again = mirror(root, store)

    assert (again.is_fine, again.uploaded, again.found) == (True, 0, 0)
    assert {each.path: each.etag for each in store.iter_objects()} == before


def test_an_interrupted_mirror_continues_where_it_was_and_the_head_comes_last(root: Path, store: ObjectStore) -> None:
    stops = iter([False, False, False, True])

    stopped = mirror(root, store, should_stop=lambda: next(stops, True))
    there = {each.path for each in store.iter_objects()}
    resumed = mirror(root, store)

    assert "asked to stop" in stopped.problem
    assert HEAD not in there
    assert len(there) == stopped.uploaded == 3
    assert resumed.is_fine
    assert resumed.uploaded == len(tree_bytes(root)) - 3
    assert objects_of(store) == tree_bytes(root)


def test_without_memory_what_the_store_has_is_recognised(root: Path, store: ObjectStore, signer: Signer) -> None:
    mirror(root, store)
    state_of(root).mirror(str(store.address)).unlink()
    capture_second(root, Disk(), signer=signer)

    report = mirror(root, store)

    assert report.is_fine
    assert objects_of(store) == tree_bytes(root)


@pytest.mark.parametrize("path", [PAGE, "SHA256SUMS", "log/2026/000002.changes", "log/2026/000001.events.jsonl"])
def test_another_file_in_the_store_is_never_overwritten(
    root: Path, store: ObjectStore, signer: Signer, path: str
) -> None:
    mirror(root, store)
    put_over(store, path, b"by somebody else\n")
    capture_second(root, Disk(), signer=signer)

    report = mirror(root, store)

    assert path in report.problem
    assert hashlib.sha256(b"by somebody else\n").hexdigest() in report.problem
    assert "nothing was overwritten" in report.problem
    assert store.read(path) == b"by somebody else\n"
    assert store.read(HEAD) != (root / HEAD).read_bytes()


def test_a_store_with_another_log_is_left_alone(root: Path, store: ObjectStore, tmp_path: Path, signer: Signer) -> None:
    other = tmp_path / "other"
    capture_first(other, Disk(), signer=signer)
    capture_second(other, Disk(), signer=signer)
    mirror(other, store)
    before = objects_of(store)

    report = mirror(root, store)

    assert "do not descend" in report.problem
    assert "run 2" in report.problem
    assert objects_of(store) == before


@pytest.mark.parametrize(
    ("path", "has_new_run"),
    [(PAGE, True), (PAGE, False), ("log/2026/000001.events.jsonl", True), ("WS2/bagit.txt", True), (SIGNATURE, False)],
)
def test_a_file_that_disappeared_is_restored_and_reported(
    root: Path, store: ObjectStore, signer: Signer, path: str, has_new_run: bool
) -> None:
    mirror(root, store)
    store.delete(path)
    if has_new_run:
        capture_second(root, Disk(), signer=signer)

    report = mirror(root, store)

    assert report.restored == (path,)
    assert not report.is_fine
    assert "find out who removed" in str(report)
    assert objects_of(store) == tree_bytes(root)


@pytest.mark.parametrize("has_new_run", [False, True], ids=["nothing new", "a new run"])
def test_a_store_that_was_emptied_is_filled_again_and_reported(
    root: Path, store: ObjectStore, signer: Signer, has_new_run: bool
) -> None:
    mirror(root, store)
    removed = objects_of(store)
    for path in removed:
        store.delete(path)
    if has_new_run:
        capture_second(root, Disk(), signer=signer)

    report = mirror(root, store)

    assert set(report.restored) == set(removed)
    assert not report.is_fine
    assert objects_of(store) == tree_bytes(root)
    assert mirror(root, store).is_fine


def test_a_store_that_lost_files_during_an_interruption_gets_them_again(root: Path, store: ObjectStore) -> None:
    stops = iter([False] * 6)
    mirror(root, store, should_stop=lambda: next(stops, True))
    lost = {each.path for each in store.iter_objects()}
    for path in lost:
        store.delete(path)

    report = mirror(root, store)

    assert set(report.restored) == lost
    assert objects_of(store) == tree_bytes(root)


def test_a_store_that_was_set_back_to_an_older_run_is_completed_and_reported(
    root: Path, store: ObjectStore, signer: Signer
) -> None:
    mirror(root, store)
    older = objects_of(store)
    capture_second(root, Disk(), signer=signer)
    mirror(root, store)
    replace(store, objects_of(store), older)

    report = mirror(root, store)

    assert set(report.restored) == tree_bytes(root).keys() - older.keys()
    assert objects_of(store) == tree_bytes(root)
    assert mirror(root, store).is_fine


def test_a_file_that_is_damaged_on_disk_does_not_reach_the_store(root: Path, store: ObjectStore) -> None:
    (root / PAGE).write_bytes(b"damaged\n")

    report = mirror(root, store)

    assert "is not what was captured" in report.problem
    assert PAGE not in objects_of(store)
    assert HEAD not in objects_of(store)


def test_a_large_file_goes_in_parts_and_resumes_at_the_part_that_is_missing(
    root: Path, store: ObjectStore, monkeypatch: pytest.MonkeyPatch, signer: Signer
) -> None:
    large = bytes(range(256)) * (11 * MIB // 256)
    attach(root, large, signer)
    sent: list[int] = []
    plain = ObjectStore.put_part

    def breaks_at_two(self: ObjectStore, path: str, upload: str, number: int, data: bytes, sha256: str) -> object:
        sent.append(number)
        if sent == [1, 2]:
            raise ObjectStoreError("the line was cut")
        return plain(self, path, upload, number, data, sha256)

    monkeypatch.setattr(ObjectStore, "put_part", breaks_at_two)
    cut = mirror(root, store, part_bytes=5 * MIB)
    resumed = mirror(root, store, part_bytes=5 * MIB)

    assert "the line was cut" in cut.problem
    assert resumed.is_fine
    assert sent == [1, 2, 2, 3]
    assert objects_of(store) == tree_bytes(root)


def attach(root: Path, data: bytes, signer: Signer) -> None:
    with open_run(root, CLOCK + dt.timedelta(days=2), signer=signer) as writer:
        put_page(writer, "102", PAGES["102"], "<p>with a film</p>", version=3)
        bag = writer.library.find_bag_of("102")
        assert bag
        writer.put(bag, attachment_path("102", "att9", "film.bin", 1), data)
        finish(writer, "102")


def test_object_lock_keeps_what_was_uploaded(server: ObjectServer, locking_bucket: str, root: Path) -> None:
    store = server.store(locking_bucket, "locked", Retention("COMPLIANCE", 2))

    report = mirror(root, store)

    assert report.is_fine
    kept = store.find(PAGE)
    assert kept
    assert kept.lock_mode == "COMPLIANCE"
    version = store._client.head_object(Bucket=locking_bucket, Key=f"locked/{PAGE}")["VersionId"]
    with pytest.raises(ObjectStoreError, match="refuses"):
        store._call("delete_object", PAGE, VersionId=version)


def test_a_bucket_that_cannot_lock_is_an_error(server: ObjectServer, bucket: str, root: Path) -> None:
    store = server.store(bucket, "unlocked", Retention("GOVERNANCE", 2))

    assert "object lock" in mirror(root, store).problem
    assert list(store.iter_objects()) == []


def test_what_a_redaction_removed_is_removed_from_the_store(root: Path, store: ObjectStore, signer: Signer) -> None:
    mirror(root, store)
    memory = state_of(root).mirror(str(store.address))
    assert b"board-meeting--101" in memory.read_bytes()
    with open_run(root, CLOCK + dt.timedelta(days=2), signer=signer) as writer:
        redact(writer, find_traces(load_library(root), "101"), reason="a request", by="Ana")

    report = mirror(root, store)

    assert report.is_fine
    assert report.removed > 0
    assert objects_of(store) == tree_bytes(root)
    assert b"board-meeting--101" not in memory.read_bytes()


def change(path: str) -> Change:
    def tamper(files: Files) -> None:
        data = files[path]
        files[path] = data[:-2] + bytes([data[-2] ^ 1]) + data[-1:]

    return tamper


def remove(path: str) -> Change:
    def tamper(files: Files) -> None:
        del files[path]

    return tamper


def add(path: str) -> Change:
    def tamper(files: Files) -> None:
        files[path] = b"planted\n"

    return tamper


def swap(first: str, second: str) -> Change:
    def tamper(files: Files) -> None:
        files[first], files[second] = files[second], files[first]

    return tamper


@pytest.fixture(scope="module")
def mirrored(
    server: ObjectServer, bucket: str, signed_original: Path, tmp_path_factory: pytest.TempPathFactory
) -> ObjectStore:
    """A store with the snapshots of `signed_original`; a test puts back what it changes."""
    store = server.store(bucket, "mirrored")
    with closing(UploadMemory(tmp_path_factory.mktemp("memory") / "memory.sqlite")) as memory:
        assert FolderMirror(signed_original, store, memory).run().is_fine
    return store


@pytest.mark.parametrize(
    "tamper",
    [
        change(PAGE),
        change("WS2/pages.jsonl"),
        change("CHECKPOINT.sig"),
        change("log/2026/000001.events.jsonl"),
        remove(PAGE),
        remove("SHA256SUMS"),
        remove("WS2/manifest-sha256.txt"),
        remove(HEAD),
        add("WS2/data/2026/planted.md"),
        add("elsewhere/planted"),
        add("staging-0123456789abcdef/x"),
        swap(PAGE, "WS2/data/2026/page--102.md"),
    ],
)
def test_the_same_change_has_the_same_findings_in_the_store_as_on_disk(
    signed_original: Path, tmp_path: Path, mirrored: ObjectStore, tamper: Change
) -> None:
    root = tmp_path / "snapshots"
    before = tree_bytes(signed_original)
    after = dict(before)
    tamper(after)
    for path, data in after.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(data)

    with changed(mirrored, before, after):
        there = verify_store(mirrored)

    here = verify(root)
    assert here.findings
    assert there.findings == here.findings


@contextmanager
def changed(store: ObjectStore, before: Files, after: Files) -> Iterator[None]:
    """Change the objects of a store for a while."""
    replace(store, before, after)
    try:
        yield
    finally:
        replace(store, after, before)


def replace(store: ObjectStore, old: Files, new: Files) -> None:
    for path in old.keys() - new.keys():
        store.delete(path)
    for path, data in new.items():
        if old.get(path) != data:
            put_over(store, path, data)


def test_a_write_that_expects_nothing_is_refused_by_the_server(store: ObjectStore) -> None:
    digest = hashlib.sha256(b"one").hexdigest()
    store.put("x", b"one", digest, Expected())

    for expected in (Expected(), Expected('"another"')):
        with pytest.raises(StoreConflictError):
            store.put("x", b"two", hashlib.sha256(b"two").hexdigest(), expected)

    assert store.read("x") == b"one"


def test_errors_name_the_cause_and_no_secret(server: ObjectServer, bucket: str, root: Path) -> None:
    address = StoreAddress.parse(f"s3://{bucket}/errors")
    cases = {
        "access_key_id": ObjectStore(address, server.access(key_id="unknown-key")),
        "secret_access_key": ObjectStore(address, server.access(secret="wrong-secret")),
        "no bucket of this name": server.store("bucket-that-is-not-there"),
        "refuses this to the access key": ObjectStore(address, server.reader()),
    }

    for part, store in cases.items():
        problem = mirror(root, store).problem
        assert part in problem
        assert "secret" not in problem.replace("secret_access_key", "").replace("secret key", "")


def test_an_address_that_no_setting_names_must_be_public(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.egress.resolve", lambda _host, _port: [ipaddress.ip_address("10.0.0.1")])
    store = ObjectStore(StoreAddress("bucket", ""), StoreAccess(None, "eu-central-1", "id", "secret"))

    with pytest.raises(ObjectStoreError, match=r"10\.0\.0\.1, which is inside a private network"):
        store.read("x")


def test_a_redirect_is_not_followed() -> None:
    asked: list[str] = []

    class Redirects(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(307)
            self.send_header("Location", f"http://127.0.0.1:{served.server_port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the name of the base class
            del format, args

    with HTTPServer(("127.0.0.1", 0), Redirects) as served:
        threading.Thread(target=served.serve_forever, daemon=True).start()
        access = StoreAccess(f"http://127.0.0.1:{served.server_port}", "us-east-1", "id", "secret")
        with pytest.raises(ObjectStoreError, match="307"):
            ObjectStore(StoreAddress("bucket", ""), access).read("x")
        served.shutdown()

    assert set(asked) == {"/bucket/x"}
