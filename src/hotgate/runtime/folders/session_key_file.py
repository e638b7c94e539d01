"""Where the gateway keeps the keys that seal sessions: a file in its state folder, for its user only."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from hotgate.config.gateway import Gateway
from hotgate.keys.kept_secret import SecretNotKept, replace_secret
from hotgate.keys.sealing_ring import SealingRing
from hotgate.runtime.folders.private_folder import UnsafeFolder
from hotgate.runtime.folders.state_directory import StateDirectory, state_directory

FILE_NAME = "session-keys.json"


class SessionKeysUnavailable(Exception):
    """The keys cannot be made, read or written; the text says why and holds no secret."""


class SessionKeyFile:
    """state: the folder. Whatever goes wrong with it raises SessionKeysUnavailable."""

    def __init__(self, state: StateDirectory) -> None:
        self._state = state
        self._path = state.path / FILE_NAME

    @classmethod
    def of(cls, file: Path, config: Gateway) -> "SessionKeyFile":
        """That of a configuration and the file it comes from."""
        return cls(state_directory(file, config.state_dir, os.environ))

    def ring(self, make: Callable[[], SealingRing]) -> SealingRing:
        """The keys; those that `make` returns are put there if there are none."""
        try:
            return SealingRing.from_message(json.loads(self._state.secret(FILE_NAME, lambda: _encoded(make()))))
        except (SecretNotKept, UnsafeFolder) as error:
            raise SessionKeysUnavailable(str(error)) from error
        except (ValueError, KeyError, TypeError):
            raise SessionKeysUnavailable(f"{self._path} is damaged: remove it, which ends all sessions") from None

    def keep(self, ring: SealingRing) -> None:
        """Put other keys there."""
        try:
            replace_secret(self._path, _encoded(ring))
        except SecretNotKept as error:
            raise SessionKeysUnavailable(str(error)) from error


def _encoded(ring: SealingRing) -> bytes:
    return json.dumps(ring.message).encode("ascii")
