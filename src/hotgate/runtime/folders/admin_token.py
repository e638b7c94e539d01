"""The token of the admin API that the gateway makes for itself, in a file of the state folder."""

import logging
from pathlib import Path

from hotgate.control.admin_tokens import NoToken, new_admin_token
from hotgate.keys.kept_secret import SecretNotKept, replace_secret
from hotgate.runtime.folders.private_folder import UnsafeFolder
from hotgate.runtime.folders.state_directory import StateDirectory

_NAME = "admin-token"
_SHORTEST = 32
_log = logging.getLogger("hotgate.runtime")


class AdminToken:
    """path: the file, which only the gateway's user may read."""

    def __init__(self, state: StateDirectory) -> None:
        self.path: Path = state.path / _NAME
        self._state = state

    def read(self) -> bytes:
        """The token, made now if there is none; the log then says where it is. Raises NoToken."""
        try:
            token = self._state.secret(_NAME, self._made).strip()
        except (UnsafeFolder, SecretNotKept) as error:
            raise NoToken(f"The gateway cannot keep a token: {error}. Or set `admin.token`.") from error
        if len(token) < _SHORTEST:
            raise NoToken(f"What {self.path} holds is no token: remove the file, and another one is made.")
        return token

    def rotate(self) -> bytes:
        """Put a new one in its place; the old one is worth nothing from now on. Raises NoToken."""
        token = new_admin_token()
        try:
            self._state.create()
            replace_secret(self.path, token)
        except (UnsafeFolder, SecretNotKept) as error:
            raise NoToken(f"The token cannot be replaced: {error}.") from error
        return token

    def _made(self) -> bytes:
        _log.info("the token of the admin API is in %s", self.path)
        return new_admin_token()
