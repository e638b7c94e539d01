"""The rules for SQLite files that hold credentials: ours alone, and no link to somewhere else."""

import os
import stat
from pathlib import Path

from hotgate.store.errors import StoreUnusable


def create_private(path: Path) -> None:
    """Make an empty file that only its owner may read, or check the one that is there. Raises StoreUnusable.

    SQLite gives the files beside it (`-wal`, `-shm`) the same mode.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600))
        check_private(path, path.lstat())
    except OSError as error:
        raise StoreUnusable(f"the store {path} cannot be opened: {error.strerror}") from None


def identity(path: Path) -> tuple[int, int] | None:
    """Which file is there: another one of the same name has another identity. None for none."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def why_unusable(path: Path) -> str:
    """What is wrong with the file now; "" if it is there and ours alone."""
    try:
        check_private(path, path.lstat())
    except OSError as error:
        return f"the store {path} cannot be read: {error.strerror}"
    except StoreUnusable as error:
        return str(error)
    return ""


def check_private(path: Path, found: os.stat_result) -> None:
    """Raises StoreUnusable. found: what `lstat` says."""
    if not stat.S_ISREG(found.st_mode):
        raise StoreUnusable(f"the store {path} is not a regular file")
    if found.st_uid != os.geteuid():
        raise StoreUnusable(f"the store {path} belongs to user {found.st_uid}")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise StoreUnusable(f"the store {path} is open to other users: its mode must be 0600")
