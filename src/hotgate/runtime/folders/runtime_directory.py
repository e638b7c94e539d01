"""The private folder where a gateway's processes meet: Unix sockets and the lock."""

import hashlib
import os
from pathlib import Path

from hotgate.runtime.folders.private_folder import UnsafeFolder, make_private_folder
from hotgate.runtime.sockets.handover import offer_path

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
            make_private_folder(self.path, "runtime_dir")
        except UnsafeFolder as error:
            raise RuntimeDirectoryError(str(error)) from error


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
