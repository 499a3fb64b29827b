"""The file operations of a transaction behind one interface, so that tests can make each operation fail."""

import os
from pathlib import Path


class Disk:
    """The real disk. A crash or a full disk can interrupt each method."""

    def make_folder(self, path: Path) -> None:
        """Create a folder and its parents; an existing folder is not an error."""
        path.mkdir(parents=True, exist_ok=True)

    def write(self, path: Path, data: bytes) -> None:
        """Create or overwrite a file; not durable before `sync`."""
        path.write_bytes(data)

    def append(self, path: Path, data: bytes) -> None:
        """Add bytes at the end of a file; not durable before `sync`."""
        with path.open("ab") as file:
            file.write(data)

    def sync(self, path: Path) -> None:
        """Wait until a file or folder is durable on the disk."""
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def sync_all(self) -> None:
        """Wait until everything written so far is durable on the disk; cheaper than many single waits."""
        os.sync()

    def replace(self, source: Path, target: Path) -> None:
        """Move a file over another one atomically."""
        source.replace(target)

    def remove(self, path: Path) -> None:
        """Delete a file; an absent file is not an error."""
        path.unlink(missing_ok=True)

    def remove_folder(self, path: Path) -> None:
        """Delete an empty folder."""
        path.rmdir()
