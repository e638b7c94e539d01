"""How much memory the system lets this process and its like have: the bound of a container, or `MemoryMax=`."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

_UNBOUNDED = 1 << 60  # version 1 says so with a number that no machine has


def allowed_bytes(own: Path = Path("/proc/self/cgroup"), mounted: Path = Path("/sys/fs/cgroup")) -> int | None:
    """The least bound of this process's control group and those above it (cgroups(7)); None if there is none."""
    found = []
    for file in _files(own, mounted):
        with contextlib.suppress(OSError, ValueError):  # not there, or "max"
            found.append(int(file.read_text()))
    return min((each for each in found if each < _UNBOUNDED), default=None)


def _files(own: Path, mounted: Path) -> Iterator[Path]:
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return
    for _, controllers, group in (line.split(":", 2) for line in lines):
        if not controllers:
            yield from _upwards(mounted, group, "memory.max")
        elif "memory" in controllers.split(","):
            yield from _upwards(mounted / "memory", group, "memory.limit_in_bytes")


def _upwards(root: Path, group: str, name: str) -> Iterator[Path]:
    """In a container the path may be the host's; then only the root is there, and it is the container's own."""
    folder = root / group.lstrip("/")
    while folder != root and root in folder.parents:
        yield folder / name
        folder = folder.parent
    yield root / name
