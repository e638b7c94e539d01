"""Notices that files changed, by asking for their metadata: works on every file system and through swapped links."""

import os
from collections.abc import Iterable
from pathlib import Path

Fingerprint = tuple[int, int, int, int] | None  # device, inode, modification time in ns, size; None: there is no file


class FileWatch:
    """Reports a change once it has been stable for one look, so that a file is not read half-written.

    Call `look` about once a second. inode and device: an editor, and Kubernetes, replace a file instead of writing it.
    """

    def __init__(self, files: Iterable[Path]) -> None:
        self._files = tuple(files)
        self._accepted = self._fingerprints()
        self._last_seen = self._accepted

    def look(self) -> bool:
        """True once for each change, at the first look that sees the same state as the look before."""
        seen = self._fingerprints()
        is_stable = seen == self._last_seen
        self._last_seen = seen
        if not is_stable or seen == self._accepted:
            return False
        self._accepted = seen
        return True

    def watch(self, files: Iterable[Path]) -> None:
        """Watch other files from now on. Call it after a reload: an include may name new ones.

        A file that stays watched keeps its state: a change made while the reload was running is not missed.
        """
        known = dict(zip(self._files, self._accepted, strict=True))
        self._files = tuple(files)
        self._last_seen = self._fingerprints()
        self._accepted = tuple(known.get(file, seen) for file, seen in zip(self._files, self._last_seen, strict=True))

    def _fingerprints(self) -> tuple[Fingerprint, ...]:
        return tuple(_fingerprint(file) for file in self._files)


def _fingerprint(file: Path) -> Fingerprint:
    try:
        found = os.stat(file)  # noqa: PTH116 (follows links on purpose)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
