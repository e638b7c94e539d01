"""Folders that nobody else may look into."""

import os
import stat
from pathlib import Path


class UnsafeFolder(Exception):
    """The folder cannot be used safely; the text says what to do."""


def make_private_folder(path: Path, key: str) -> None:
    """Make the folder, or check the one that is there. key: what sets its place in the file. Raises UnsafeFolder."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise UnsafeFolder(f"cannot make the folder {path}: {error.strerror}; set `{key}`") from error
    if reason := _why_unsafe(path, found):
        raise UnsafeFolder(f"{path} {reason}, or set `{key}` to another folder")


def _why_unsafe(path: Path, found: os.stat_result) -> str:
    """And what to do, which is never to remove it: what it holds may be the only copy."""
    if not stat.S_ISDIR(found.st_mode):
        return "is not a folder: move it away"
    if found.st_uid != os.geteuid():
        return f"belongs to user {found.st_uid}: run this as that user"
    if stat.S_IMODE(found.st_mode) & 0o077:
        return f"is open to other users: chmod 700 {path}"
    return ""
