"""A secret that is made once and kept in a file of its own, which only its owner may read."""

import contextlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

MAX_BYTES = 64 * 1024


class SecretNotKept(Exception):
    """The file cannot be made or must not be used; the text says why and holds no secret."""


def kept_secret(path: Path, make: Callable[[], bytes]) -> bytes:
    """The content of the file; if there is none, it is made with what `make` returns. Raises SecretNotKept.

    Two processes that make it at once end up with the same one: whoever comes second reads the first one's.
    """
    try:
        with contextlib.suppress(FileNotFoundError):
            return _read(path)
        _write_new(path, make())
        return _read(path)
    except OSError as error:
        raise SecretNotKept(f"{path} cannot be used: {error.strerror}") from error


def replace_secret(path: Path, content: bytes) -> None:
    """Put another content in its place, at once. Raises SecretNotKept."""
    try:
        new = _written(path, content)
        new.replace(path)
    except OSError as error:
        raise SecretNotKept(f"{path} cannot be written: {error.strerror}") from error


def _read(path: Path) -> bytes:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(file.fileno())
        if not stat.S_ISREG(found.st_mode):
            raise SecretNotKept(f"{path} is not a regular file")
        if stat.S_IMODE(found.st_mode) & 0o077:
            raise SecretNotKept(f"{path} is open to other users: its mode must be 0600")
        content = file.read(MAX_BYTES + 1)
    if not 0 < len(content) <= MAX_BYTES:
        raise SecretNotKept(f"{path} is empty or too large: restore it from a backup")
    return content


def _write_new(path: Path, content: bytes) -> None:
    new = _written(path, content)
    try:
        with contextlib.suppress(FileExistsError):
            os.link(new, path)  # fails if somebody else was first, as a rename would not
    finally:
        new.unlink()


def _written(path: Path, content: bytes) -> Path:
    """A file beside `path`, wholly on the disk."""
    new = path.with_name(f".{path.name}.{os.getpid()}")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return new
