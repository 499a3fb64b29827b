"""Object storage as the settings describe it, and the mirror of the snapshots there."""

from collections.abc import Callable
from contextlib import closing
from typing import TYPE_CHECKING

from bot.config.policy import ObjectStoreSettings
from bot.errors import LockedError, SettingsError
from bot.log import logger, redact
from bot.operations.workspace import Snapshots
from bot.snapshot.archive.writer import writer_lock
from bot.snapshot.mirror.mirror_report import MirrorReport

if TYPE_CHECKING:
    from bot.snapshot.mirror.object_store import ObjectStore

_WAIT_SECONDS = 600


def open_mirror(snapshots: Snapshots) -> "ObjectStore | None":
    """Return the store of `snapshots.mirror`, if it is set; raises as `open_store` does."""
    address = snapshots.policy.mirror
    return open_store(address, snapshots.object_store) if address else None


def mirror_snapshots(
    snapshots: Snapshots, store: "ObjectStore | None", *, should_stop: Callable[[], bool] = lambda: False
) -> MirrorReport | None:
    """Bring *store* to the newest head; None if there is no store or no snapshot. A failure is in the report."""
    if store is None or not snapshots.root.is_dir():
        return None
    from bot.snapshot.mirror.folder_mirror import FolderMirror
    from bot.snapshot.mirror.upload_memory import UploadMemory

    state, address = snapshots.state, str(store.address)
    try:
        with (
            writer_lock(state, wait_seconds=_WAIT_SECONDS),
            closing(UploadMemory(state.mirror(address))) as memory,
        ):
            report = FolderMirror(snapshots.root, store, memory, should_stop=should_stop).run()
    except LockedError as error:
        report = MirrorReport(address, problem=f"{error}; the next `wikibot snapshot` tries again")
    logger.log("INFO" if report.is_fine else "WARNING", "{}", report)
    return report


def open_store(address: str, settings: ObjectStoreSettings) -> "ObjectStore":
    """Return the store at *address*; its secrets are never logged."""
    try:
        from bot.snapshot.mirror.object_store import ObjectStore, Retention, StoreAccess, StoreAddress
    except ModuleNotFoundError as error:
        raise SettingsError(
            f"object storage needs {error.name}, which is not installed; install `wikibot[s3]`"
        ) from error
    key_id, secret = settings.access_key_id, settings.secret_access_key
    if key_id is None or secret is None:
        missing = "ACCESS_KEY_ID" if key_id is None else "SECRET_ACCESS_KEY"
        raise SettingsError(
            f"object_store.{missing.lower()} is not set, so {address} cannot be reached; set "
            f"WIKIBOT_OBJECT_STORE__{missing}, or use a file with this name in the secrets folder"
        )
    token = settings.session_token.get_secret_value().strip() if settings.session_token else None
    access = StoreAccess(
        settings.endpoint,
        settings.region,
        key_id.get_secret_value().strip(),
        secret.get_secret_value().strip(),
        token,
    )
    redact.add(filter(None, [access.key_id, access.secret, access.session_token]))
    days = settings.retention_days
    retention = Retention(settings.retention_mode.upper(), days) if days else None
    return ObjectStore(StoreAddress.parse(address), access, retention)
