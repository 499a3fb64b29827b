"""A real S3-compatible server (SeaweedFS, in `.venv-clients`) on this machine, and stores in it."""

import json
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from bot.snapshot.mirror.object_store import ObjectStore, Retention, StoreAccess, StoreAddress
from tests.machine import need_client

KEY_ID, SECRET = "mirror-key", "mirror-secret"
_READ_ONLY = "reader-key"
_START_SECONDS = 60
_IDENTITIES = {
    "identities": [
        {"name": "bot", "credentials": [{"accessKey": KEY_ID, "secretKey": SECRET}], "actions": ["Admin"]},
        {
            "name": "reader",
            "credentials": [{"accessKey": _READ_ONLY, "secretKey": SECRET}],
            "actions": ["Read", "List"],
        },
    ]
}


@dataclass
class ObjectServer:
    """The running server."""

    endpoint: str
    process: subprocess.Popen[bytes]

    def access(self, *, key_id: str = KEY_ID, secret: str = SECRET) -> StoreAccess:
        return StoreAccess(self.endpoint, "us-east-1", key_id, secret)

    def reader(self) -> StoreAccess:
        """Return an account that may not write."""
        return self.access(key_id=_READ_ONLY)

    def make_bucket(self, *, locks: bool = False) -> str:
        """Make a bucket and return its name."""
        name = f"bucket-{uuid.uuid4().hex[:12]}"
        self.first._client.create_bucket(Bucket=name, **({"ObjectLockEnabledForBucket": True} if locks else {}))
        return name

    def store(self, bucket: str, prefix: str = "", retention: Retention | None = None) -> ObjectStore:
        return self.first.at(StoreAddress.parse(f"s3://{bucket}/{prefix}"), retention)

    @cached_property
    def first(self) -> ObjectStore:
        """The store whose client all others share: it takes long to make."""
        return ObjectStore(StoreAddress("bucket-of-nothing", ""), self.access())


@contextmanager
def running_server(folder: Path) -> Iterator[ObjectServer]:
    """Start the server with its data in *folder*."""
    program = need_client("weed")
    settings = folder / "s3.json"
    settings.write_text(json.dumps(_IDENTITIES))
    (folder / "data").mkdir()
    master, volume, filer, s3 = _free_ports(4)
    grpc_master, grpc_volume, grpc_filer, grpc_s3 = _free_ports(4)
    arguments = [
        f"-dir={folder / 'data'}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.telemetry=false",
        f"-master.port={master}",
        f"-master.port.grpc={grpc_master}",
        "-master.volumeSizeLimitMB=64",
        "-master.electionTimeout=1s",
        f"-volume.port={volume}",
        f"-volume.port.grpc={grpc_volume}",
        "-volume.max=1000",
        "-filer",
        f"-filer.port={filer}",
        f"-filer.port.grpc={grpc_filer}",
        f"-filer.localSocket={folder / 'filer.sock'}",
        "-s3",
        f"-s3.port={s3}",
        f"-s3.port.grpc={grpc_s3}",
        f"-s3.config={settings}",
        f"-s3.localSocket={folder / 's3.sock'}",
        "-s3.iam=false",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "server", *arguments], cwd=folder, stdout=log, stderr=log)
        try:
            endpoint = f"http://127.0.0.1:{s3}"
            _wait(endpoint, process, folder / "log")
            yield ObjectServer(endpoint, process)
        finally:
            process.kill()
            process.wait()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _wait(endpoint: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{endpoint}/healthz", timeout=2):  # noqa: S310 -- on this machine
                return
        except urllib.error.HTTPError as error:
            error.close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"the server did not start: {log.read_text(errors='replace')[-2000:]}")
