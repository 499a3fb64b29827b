"""A bucket of S3-compatible storage, with the few operations that a mirror needs; botocore is used only here.

All writes are conditional (`If-None-Match`, `If-Match`): the store itself refuses to replace what nobody expected. All
uploads carry their SHA-256, which the store computes too; `find` reads it back.
"""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Self

import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from bot.egress import EgressError
from bot.errors import ObjectStoreError
from bot.snapshot.mirror.store_transport import StoreTransport

_TRIES = 4
_CHUNK_BYTES = 1 << 17
_MOST_BYTES = 1 << 30
"""As much as the largest file of the log in a folder of snapshots may have."""
_NOTHING = (None, None, None, None)
_SESSION_VARIABLES = {"profile": _NOTHING, "config_file": _NOTHING, "credentials_file": _NOTHING}
"""The files and profiles of other programs for AWS are not read: the bot's settings say everything."""


class StoreConflictError(ObjectStoreError):
    """The store has something else under the key than what was expected; nothing was written."""


class StoreRefusalError(ObjectStoreError):
    """The store refuses a request to the access key."""


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """A bucket, and the prefix of all keys in it; the prefix is empty or ends with `/`."""

    bucket: str
    prefix: str

    @classmethod
    def parse(cls, text: str) -> "StoreAddress":
        """Read `s3://bucket/prefix`."""
        bucket, _, prefix = text.removeprefix("s3://").partition("/")
        return cls(bucket, f"{prefix.strip('/')}/" if prefix.strip("/") else "")

    def __str__(self) -> str:
        """Return the address as people write it."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


@dataclass(frozen=True, slots=True)
class StoreAccess:
    """How a store is reached; without *endpoint*, at Amazon in *region*."""

    endpoint: str | None
    region: str
    key_id: str = field(repr=False)
    secret: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Retention:
    """For how long the store refuses to delete a version: *mode* is `GOVERNANCE` or `COMPLIANCE`."""

    mode: str
    days: int


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object in a listing."""

    path: str
    size: int
    etag: str


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What the store says about an object; *checksum* is the SHA-256 that the store computed, if it has one.

    For an object of several parts it is the digest of the digests of the parts, followed by their number.
    """

    etag: str
    size: int
    checksum: str | None
    lock_mode: str | None
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be under a key before a write: nothing, or the object with *etag*."""

    etag: str | None = None

    def conditions(self) -> dict[str, str]:
        """Return the arguments of the request."""
        return {"IfNoneMatch": "*"} if self.etag is None else {"IfMatch": self.etag}


@dataclass(frozen=True, slots=True)
class UploadedPart:
    """One uploaded part of a large object."""

    number: int
    etag: str
    sha256: str


class ObjectStore:
    """The objects below *address*, by path. Thread-safe. Raises `ObjectStoreError`; no message contains a secret."""

    def __init__(self, address: StoreAddress, access: StoreAccess, retention: Retention | None = None) -> None:
        self.address = address
        self.retention = retention
        transport = StoreTransport(access.endpoint)
        session = botocore.session.Session(session_vars=_SESSION_VARIABLES)
        self._client: Any = session.create_client(
            "s3",
            region_name=access.region,
            endpoint_url=access.endpoint,
            aws_access_key_id=access.key_id,
            aws_secret_access_key=access.secret,
            aws_session_token=access.session_token,
            config=_config(access),
        )
        self._client.meta.events.register("before-send.s3", transport.send)

    def at(self, address: StoreAddress, retention: Retention | None = None) -> Self:
        """Return the store at another address of the same service; the connections are shared."""
        other = copy(self)
        other.address, other.retention = address, retention
        return other

    def iter_objects(self, prefix: str = "") -> Iterator[ListedObject]:
        """Yield the objects whose paths begin with *prefix*, by path."""
        more: dict[str, str] = {}
        full = self.address.prefix + prefix
        while True:
            answer = self._call("list_objects_v2", Prefix=full, **more)
            for each in answer.get("Contents", ()):
                path = each["Key"].removeprefix(self.address.prefix)
                yield ListedObject(path, each["Size"], each["ETag"])
            if not answer.get("IsTruncated"):
                return
            more = {"ContinuationToken": answer["NextContinuationToken"]}

    def find(self, path: str) -> StoredObject | None:
        """Return what the store says about an object; None if there is none."""
        try:
            said = self._call("head_object", path, ChecksumMode="ENABLED")
        except FileNotFoundError:
            return None
        return StoredObject(
            said["ETag"],
            said["ContentLength"],
            _as_hex(said.get("ChecksumSHA256")),
            said.get("ObjectLockMode"),
            said.get("ObjectLockRetainUntilDate"),
        )

    def read(self, path: str) -> bytes:
        """Return an object; raises `FileNotFoundError` if there is none, and `ObjectStoreError` if it does not end."""
        found = bytearray()
        for piece in self.chunks(path):
            found += piece
            if len(found) > _MOST_BYTES:
                raise ObjectStoreError(f"{self.address}/{path}: the store sends more than {_MOST_BYTES >> 20} MB")
        return bytes(found)

    def chunks(self, path: str) -> Iterator[bytes]:
        """Yield an object in pieces; raises as `read` does."""
        body = self._call("get_object", path)["Body"]
        with _explained(self.address, "get_object"):
            yield from body.iter_chunks(_CHUNK_BYTES)

    def put(self, path: str, data: bytes, sha256: str, expected: Expected) -> None:
        """Upload an object; raises `StoreConflictError` if something else than *expected* is there."""
        checks = {"ChecksumSHA256": as_base64(sha256)}
        with _expecting(f"{self.address}/{path}"):
            self._call("put_object", path, Body=data, **checks, **self._lock(), **expected.conditions())

    def delete(self, path: str) -> None:
        """Delete an object. A bucket with versions keeps the versions."""
        self._call("delete_object", path)

    def begin_parts(self, path: str) -> str:
        """Begin an upload in parts, and return its id."""
        answer = self._call("create_multipart_upload", path, ChecksumAlgorithm="SHA256", **self._lock())
        return str(answer["UploadId"])

    def put_part(self, path: str, upload: str, number: int, data: bytes, sha256: str) -> UploadedPart:
        """Upload one part."""
        checks = {"ChecksumSHA256": as_base64(sha256)}
        answer = self._call("upload_part", path, UploadId=upload, PartNumber=number, Body=data, **checks)
        return UploadedPart(number, answer["ETag"], sha256)

    def find_parts(self, path: str, upload: str) -> dict[int, str] | None:
        """Return the ETag of each part that arrived, by number; None if the store does not know the upload."""
        found: dict[int, str] = {}
        marker = 0
        while True:
            try:
                answer = self._call("list_parts", path, UploadId=upload, PartNumberMarker=marker)
            except FileNotFoundError:
                return None
            found |= {part["PartNumber"]: part["ETag"] for part in answer.get("Parts", ())}
            if not answer.get("IsTruncated"):
                return found
            marker = answer["NextPartNumberMarker"]

    def join_parts(self, path: str, upload: str, parts: list[UploadedPart], expected: Expected) -> None:
        """Make one object of the parts; raises as `put` does."""
        named = [
            {"PartNumber": each.number, "ETag": each.etag, "ChecksumSHA256": as_base64(each.sha256)} for each in parts
        ]
        whole = {"UploadId": upload, "MultipartUpload": {"Parts": named}}
        with _expecting(f"{self.address}/{path}"):
            self._call("complete_multipart_upload", path, **whole, **expected.conditions())

    def _lock(self) -> dict[str, object]:
        if self.retention is None:
            return {}
        until = datetime.now(UTC) + timedelta(days=self.retention.days)
        return {"ObjectLockMode": self.retention.mode, "ObjectLockRetainUntilDate": until}

    def _call(self, operation: str, path: str | None = None, **arguments: object) -> dict[str, Any]:
        if path is not None:
            arguments["Key"] = self.address.prefix + path
        with _explained(self.address, operation, path):
            answer: dict[str, Any] = getattr(self._client, operation)(Bucket=self.address.bucket, **arguments)
            return answer


def _config(access: StoreAccess) -> Config:
    return Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if access.endpoint else "auto"},
        ignore_configured_endpoint_urls=True,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"mode": "standard", "total_max_attempts": _TRIES},
        user_agent="wikibot",
    )


def as_base64(sha256: str) -> str:
    """Return a digest as the store writes it."""
    return base64.b64encode(bytes.fromhex(sha256)).decode()


def _as_hex(checksum: str | None) -> str | None:
    """Return a checksum of the store as hex digits; the number of parts stays behind it."""
    if checksum is None:
        return None
    digest, dash, count = checksum.partition("-")
    return base64.b64decode(digest).hex() + dash + count


@contextmanager
def _explained(address: StoreAddress, operation: str, path: str | None = None) -> Iterator[None]:
    """Turn the errors of botocore into ours; an object or upload that does not exist is a `FileNotFoundError`."""
    place = f"s3://{address.bucket}/{address.prefix}{path}" if path else str(address)
    try:
        yield
    except ClientError as error:
        raise _translate(error, address, operation, place) from error
    except EgressError as error:
        raise ObjectStoreError(f"{place}: the request was not sent: it {error}") from error
    except (BotoCoreError, OSError) as error:
        raise ObjectStoreError(f"{place}: the store does not answer: {error}") from error


@contextmanager
def _expecting(place: str) -> Iterator[None]:
    """Report an object that was expected, and is not there any more."""
    try:
        yield
    except FileNotFoundError as error:
        raise StoreConflictError(f"{place} was removed from the store by someone else during the upload") from error


_EXPLAINED = {
    "NoSuchBucket": "there is no bucket of this name; create it, or correct the name",
    "InvalidAccessKeyId": "the store does not know the access key; correct object_store.access_key_id",
    "SignatureDoesNotMatch": "the secret key is wrong; correct object_store.secret_access_key",
    "InvalidRequest": "the store refuses the request; with object_store.retention_days, the bucket must have been made "
    "with object lock",
    "BadDigest": "what arrived in the store is not what was sent: the digests differ; it was not stored",
    "NotImplemented": "the store cannot do this; a mirror needs conditional writes (If-None-Match) and checksums",
}


def _translate(error: ClientError, address: StoreAddress, operation: str, place: str) -> Exception:
    said = error.response.get("Error", {})
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    code = str(said.get("Code", ""))
    if code in _EXPLAINED:
        return ObjectStoreError(f"{address}: {_EXPLAINED[code]} ({operation}: {code})")
    match status:
        case HTTPStatus.NOT_FOUND:
            return FileNotFoundError(2, "is not there", place)
        case HTTPStatus.PRECONDITION_FAILED | HTTPStatus.CONFLICT:
            return StoreConflictError(f"{place} was changed in the store by someone else; nothing was overwritten")
        case HTTPStatus.FORBIDDEN:
            message = "the store refuses this to the access key; grant it the right, or use another key"
            return StoreRefusalError(f"{place}: {message} ({operation}: {code})")
        case _:
            detail = str(said.get("Message", "")).strip()
            return ObjectStoreError(f"{place}: the store answers {status} to {operation}: {code} {detail}".rstrip())
