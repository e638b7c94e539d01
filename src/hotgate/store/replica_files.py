"""The names of replicas: each is filled under a name of its own, and never changes its name while anybody has it open.

A file that took another one's name would also take over its write-ahead log, which is not its own.
"""

import contextlib
import os
from hashlib import sha256
from pathlib import Path

from hotgate.config.store_url import shown
from hotgate.store.migrate import latest_revision

_KEPT = 2  # the newest, and the one before: a worker may be about to open it


class ReplicaFiles:
    """Of one database and one shape of the tables: a replica of another is never taken for it."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._stem = f"replica-{sha256(f'{shown(url)} {latest_revision()}'.encode()).hexdigest()[:12]}-"

    def newest(self) -> Path | None:
        """The one to use."""
        files = self._files()
        return files[-1] if files else None

    def next(self) -> Path:
        """A name that nobody has used."""
        newest = self.newest()
        number = int(newest.stem.removeprefix(self._stem)) + 1 if newest else 1
        return self._folder / f"{self._stem}{number:06d}.db"

    def partial(self) -> Path:
        """What to fill before it gets its name. What an earlier attempt has left there is removed."""
        path = self._folder / f"{self._stem}{os.getpid()}.partial"
        _remove(path)
        return path

    def clean(self) -> None:
        """Remove the old ones. A worker that still reads one keeps it until it closes it."""
        for path in self._files()[:-_KEPT]:
            _remove(path)

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob(f"{self._stem}[0-9]*.db"))


def _remove(path: Path) -> None:
    for name in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
        with contextlib.suppress(FileNotFoundError):
            name.unlink()
