"""A real S3-compatible server (SeaweedFS, in `.venv-clients`) on this machine, and stores in it."""

import json
import random
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from bot.snapshot.mirror.object_store import ObjectStore, Retention, StoreAccess, StoreAddress
from tests.machine import need_client

KEY_ID, SECRET = "mirror-key", "mirror-secret"
_READ_ONLY = "reader-key"
_START_SECONDS = 60
_STARTS = 3
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
    """Start the server with its data in *folder*, again if another program has taken one of its ports."""
    program = need_client("weed")
    settings = folder / "s3.json"
    settings.write_text(json.dumps(_IDENTITIES))
    (folder / "data").mkdir()
    for _ in range(_STARTS):
        with _started(program, folder, settings) as server:
            if _answers(server):
                yield server
                return
    raise AssertionError(f"the server did not start: {(folder / 'log').read_text(errors='replace')[-2000:]}")


@contextmanager
def _started(program: Path | str, folder: Path, settings: Path) -> Iterator[ObjectServer]:
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
        "-s3.port.iceberg=0",  # otherwise the server ends if another one has this port, which is the same for all
        "-s3.port.lance=0",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([program, "server", *arguments], cwd=folder, stdout=log, stderr=log)
        try:
            yield ObjectServer(f"http://127.0.0.1:{s3}", process)
        finally:
            process.kill()
            process.wait()


def _free_ports(count: int) -> list[int]:
    """Return ports that are free now, none of those that the system gives to other programs at any time."""
    found: list[int] = []
    while len(found) < count:
        port = random.randrange(12_000, 32_000)  # noqa: S311 -- no secret
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            found.append(port)
    return found if len(set(found)) == count else _free_ports(count)


def _answers(server: ObjectServer) -> bool:
    """Wait until the server answers to its own account; another program at its address would not."""
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and server.process.poll() is None:
        try:
            server.make_bucket()
        except (BotoCoreError, ClientError):
            time.sleep(0.1)
        else:
            return True
    return False
