"""`/etc/hosts`, read again whenever it has changed."""

import ipaddress
from pathlib import Path

_MOST_BYTES = 1024 * 1024  # block lists are that large; what is behind is not read
_LOOPBACK = ("127.0.0.1", "::1")


class HostsFile:
    """path: the file; one that is not there has no names."""

    def __init__(self, path: Path = Path("/etc/hosts")) -> None:
        self._path = path
        self._version: tuple[int, ...] = ()
        self._names: dict[str, list[str]] = {}

    def find(self, name: str) -> tuple[str, ...]:
        """The addresses of a name in lower case, in the order of the file. `localhost` always has some (RFC 6761)."""
        self._read()
        found = tuple(self._names.get(name, ()))
        return found or (_LOOPBACK if name == "localhost" or name.endswith(".localhost") else ())

    def _read(self) -> None:
        try:
            status = self._path.stat()
            version = (status.st_mtime_ns, status.st_size, status.st_ino)
            if version == self._version:
                return
            with self._path.open("rb") as file:
                text = file.read(_MOST_BYTES).decode("utf-8", "replace")
        except OSError:
            return  # while an editor replaces it, what was in it counts
        self._version = version
        self._names = _parsed(text)


def _parsed(text: str) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for line in text.splitlines():
        address, *rest = line.partition("#")[0].split() or [""]
        try:
            canonical = str(ipaddress.ip_address(address))
        except ValueError:
            continue
        for name in rest:
            known = names.setdefault(name.lower(), [])
            if canonical not in known:
                known.append(canonical)
    return names
