"""What has been changed in releases, as it is kept: it outlives workers, the control process and the machine."""

import asyncio
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hotgate.keys.kept_secret import MAX_BYTES, SecretNotKept, replace_secret
from hotgate.policies.releases.overrides import Override
from hotgate.runtime.folders.private_folder import UnsafeFolder
from hotgate.runtime.folders.state_directory import StateDirectory

FILE_NAME = "releases.json"
_MAX_READ = 16 * MAX_BYTES  # what is longer is not ours

_log = logging.getLogger("hotgate.runtime")


@dataclass(frozen=True, slots=True)
class KeptRelease:
    """because: why, for people. at: epoch seconds. of_file: what the file said of the release then; once it says
    something else, the file counts.
    """

    override: Override
    because: str
    at: float
    of_file: Mapping[str, Any]

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "KeptRelease":
        """Raises KeyError, TypeError or ValueError."""
        of_file = dict(kept["of_file"])
        return cls(Override.from_message(kept["override"]), str(kept["because"]), float(kept["at"]), of_file)

    @property
    def json(self) -> dict[str, Any]:
        """As JSON types."""
        return {
            "override": self.override.message,
            "because": self.because,
            "at": self.at,
            "of_file": dict(self.of_file),
        }


class ReleaseFile:
    """state: the folder. A thread writes, one state after another; of several that wait, the last."""

    def __init__(self, state: StateDirectory) -> None:
        self._state = state
        self._path: Path = state.path / FILE_NAME
        self._wanted: bytes | None = None
        self._task: asyncio.Task[None] | None = None

    def read(self) -> dict[str, KeptRelease]:
        """By route. A file that cannot be read is told of, and counts as none."""
        try:
            if not self._path.exists():
                return {}
            with self._path.open("rb") as file:
                text = file.read(_MAX_READ)
            return {str(route): KeptRelease.from_json(kept) for route, kept in json.loads(text).items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            _log.error("%s cannot be used, so releases are as the file says: %s", self._path, type(error).__name__)
            return {}

    def keep(self, releases: Mapping[str, KeptRelease]) -> None:
        """Write this soon."""
        self._wanted = json.dumps({route: kept.json for route, kept in releases.items()}).encode("ascii")
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._write())

    async def stop(self) -> None:
        """Wait until what was to be kept is written."""
        if self._task is not None:
            await self._task

    async def _write(self) -> None:
        while (wanted := self._wanted) is not None:
            self._wanted = None
            try:
                await asyncio.to_thread(self._replace, wanted)
            except (SecretNotKept, UnsafeFolder, OSError) as error:
                _log.error("changes of releases will not outlive a restart: %s", error)

    def _replace(self, content: bytes) -> None:
        self._state.create()
        replace_secret(self._path, content)
