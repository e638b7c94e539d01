"""What workers ask about passwords: the entries of the configuration in force know the answer."""

from collections.abc import Mapping
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.control.passwords.password_checks import PasswordChecks


class Passwords:
    """Answers `{"provider", "name", "password"}` with `{"right": …}`."""

    def __init__(self) -> None:
        self._checks = PasswordChecks()
        self._hashes: dict[str, Mapping[str, str]] = {}

    def follow(self, config: Gateway) -> None:
        """Know the users of a configuration, and nobody else."""
        self._hashes = {
            name: entry.settings.hashes() for name, entry in config.identity.items() if entry.mechanism == "basic"
        }

    async def answer(self, body: Any) -> dict[str, bool]:
        """Raises KeyError for an entry that there is not (any more), and TooManyChecks."""
        hashes = self._hashes[str(body["provider"])]
        return {"right": await self._checks.is_right(hashes, str(body["name"]), str(body["password"]))}

    def stop(self) -> None:
        """End all work."""
        self._checks.stop()
