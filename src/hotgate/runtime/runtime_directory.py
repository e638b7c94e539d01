"""The private folder where a gateway's processes meet: Unix sockets and the lock."""

import hashlib
import os
import stat
from pathlib import Path

from hotgate.runtime.handover import offer_path

_HIGHEST_PID = 4_194_304  # PID_MAX_LIMIT on 64-bit Linux, proc(5)
_LONGEST_SOCKET_PATH = 107  # bytes; sun_path of unix(7) has 108 with its final NUL


class RuntimeDirectoryError(Exception):
    """The folder cannot be used safely; the text says what to do."""


class RuntimeDirectory:
    """path: the folder. socket_path: where workers find the control process. lock_path: held by the control process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.socket_path = path / "control.sock"
        self.lock_path = path / "control.lock"

    def create(self) -> None:
        """Make the folder, or check the one that is there. Raises RuntimeDirectoryError.

        `/tmp` is writable by everybody: somebody else may have made the folder, or a symbolic link of its name, first.
        """
        longest = offer_path(self.path, _HIGHEST_PID)
        if len(os.fsencode(longest)) > _LONGEST_SOCKET_PATH:
            raise RuntimeDirectoryError(f"{longest} is too long for a socket; set `runtime_dir` to a shorter path")
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = self.path.lstat()
        except OSError as error:
            raise RuntimeDirectoryError(
                f"cannot make the folder {self.path}: {error.strerror}; set `runtime_dir`"
            ) from error
        if reason := _why_unsafe(found):
            raise RuntimeDirectoryError(f"{self.path} {reason}; remove it, or set `runtime_dir` to another folder")


def _why_unsafe(found: os.stat_result) -> str:
    if not stat.S_ISDIR(found.st_mode):
        return "is not a folder"
    if found.st_uid != os.geteuid():
        return f"belongs to user {found.st_uid}"
    if stat.S_IMODE(found.st_mode) & 0o077:
        return "is open to other users (its mode must be 0700)"
    return ""


def runtime_directory(
    configuration: Path, configured: str | None, environment: "os._Environ[str] | dict[str, str]"
) -> RuntimeDirectory:
    """The folder for a configuration file: the configured one, else one whose name comes from the file's path.

    The path is made absolute but links stay: Kubernetes swaps a link at each change, and it is still the same gateway.
    """
    if configured:
        return RuntimeDirectory(Path(os.path.abspath(configuration.parent / configured)))  # noqa: PTH100 (keeps links)
    digest = hashlib.sha256(os.fsencode(os.path.abspath(configuration))).hexdigest()[:8]  # noqa: PTH100
    if base := environment.get("XDG_RUNTIME_DIR"):
        return RuntimeDirectory(Path(base) / f"hotgate-{digest}")
    return RuntimeDirectory(Path("/tmp") / f"hotgate-{os.geteuid()}-{digest}")  # noqa: S108 (checked by create)
