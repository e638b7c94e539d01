"""The private folder of what must outlive a restart: the gateway's own secrets, and its store on SQLite."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from hotgate.keys.kept_secret import kept_secret
from hotgate.runtime.folders.private_folder import make_private_folder

_NAME = "hotgate-state"


class StateDirectory:
    """path: the folder. It is made when something is first put into it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def create(self) -> None:
        """Make the folder, or check the one that is there. Raises UnsafeFolder."""
        make_private_folder(self.path, "state_dir")
        ignore = self.path / ".gitignore"  # it stands beside a file that people commit
        if not ignore.exists():
            ignore.write_text("*\n")

    def secret(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The secret of that name, made when there is none yet. Raises UnsafeFolder, SecretNotKept."""
        self.create()
        return kept_secret(self.path / name, make)


def state_directory(configuration: Path, configured: str | None, environment: Mapping[str, str]) -> StateDirectory:
    """The folder for a configuration file: the configured one, systemd's (the first), or one beside the file."""
    folder = Path(os.path.abspath(configuration)).parent  # noqa: PTH100 (keeps links)
    if configured:
        return StateDirectory(folder / configured)
    if given := environment.get("STATE_DIRECTORY", "").partition(":")[0]:
        return StateDirectory(Path(given))
    return StateDirectory(folder / _NAME)
