"""Where the gateway keeps the signing keys that it has made: a file in its state folder, for its user only."""

import json
import os
from collections.abc import Callable
from pathlib import Path

from hotgate.config.gateway import Gateway
from hotgate.keys.kept_secret import SecretNotKept, replace_secret
from hotgate.keys.key_ring import KeyRing
from hotgate.runtime.folders.private_folder import UnsafeFolder
from hotgate.runtime.folders.state_directory import StateDirectory, state_directory

FILE_NAME = "signing-keys.json"


class SigningKeysUnavailable(Exception):
    """The keys cannot be made, read or written; the text says why and holds no secret."""


class SigningKeyFile:
    """state: the folder. Whatever goes wrong with it raises SigningKeysUnavailable."""

    def __init__(self, state: StateDirectory) -> None:
        self._state = state
        self._path = state.path / FILE_NAME

    @classmethod
    def of(cls, file: Path, config: Gateway) -> "SigningKeyFile":
        """That of a configuration and the file it comes from."""
        return cls(state_directory(file, config.state_dir, os.environ))

    @property
    def is_made(self) -> bool:
        """Whether there are keys yet."""
        return self._path.exists()

    def ring(self, make: Callable[[], KeyRing]) -> KeyRing:
        """The keys; those that `make` returns are put there if there are none."""
        try:
            return KeyRing.from_message(json.loads(self._state.secret(FILE_NAME, lambda: _encoded(make()))))
        except (SecretNotKept, UnsafeFolder) as error:
            raise SigningKeysUnavailable(str(error)) from error
        except (ValueError, KeyError, TypeError):
            raise SigningKeysUnavailable(f"{self._path} is damaged: restore it, or remove it") from None

    def keep(self, ring: KeyRing) -> None:
        """Put other keys there."""
        try:
            replace_secret(self._path, _encoded(ring))
        except SecretNotKept as error:
            raise SigningKeysUnavailable(str(error)) from error


def _encoded(ring: KeyRing) -> bytes:
    return json.dumps(ring.message).encode("ascii")
