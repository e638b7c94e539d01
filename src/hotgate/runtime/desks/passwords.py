"""What workers ask about passwords: the entries of the configuration in force know the answer."""

from collections.abc import Mapping
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.control.directories.directory import Directory, Member
from hotgate.control.directories.ldap_connection import DirectoryUnavailable
from hotgate.control.passwords.password_checks import PasswordChecks
from hotgate.policies.passwords.ldap_settings import LdapSettings


class Passwords:
    """Answers `{"provider", "name", "password"}` with `{"right": …}`, and what a directory says of the caller."""

    def __init__(self) -> None:
        self._checks = PasswordChecks()
        self._hashes: dict[str, Mapping[str, str]] = {}
        self._directories: dict[str, tuple[LdapSettings, Directory]] = {}

    def follow(self, config: Gateway) -> None:
        """Know the users of a configuration, and nobody else. Connections to a directory outlive a reload."""
        settings = {name: entry.settings for name, entry in config.identity.items() if entry.mechanism == "basic"}
        self._hashes = {name: each.hashes() for name, each in settings.items()}
        wanted = {name: entry.settings for name, entry in config.identity.items() if entry.mechanism == "ldap"}
        for name in [name for name, (known, _) in self._directories.items() if wanted.get(name) != known]:
            self._directories.pop(name)[1].close()
        for name in wanted.keys() - self._directories.keys():
            self._directories[name] = wanted[name], Directory(wanted[name])

    async def answer(self, body: Any) -> dict[str, Any]:
        """Raises KeyError for an entry that there is not (any more), TooManyChecks, DirectoryUnavailable."""
        provider, name, password = str(body["provider"]), str(body["name"]), str(body["password"])
        if provider not in self._directories:
            return {"right": await self._checks.is_right(self._hashes[provider], name, password)}
        member = await self._member(provider, name, password)
        if member is None:
            return {"right": False}
        told = {"subject": member.name, "dn": member.dn, "groups": member.groups, "attributes": member.attributes}
        return {"right": True, **told}

    async def _member(self, provider: str, name: str, password: str) -> Member | None:
        try:
            return await self._directories[provider][1].member(name, password)
        except DirectoryUnavailable as error:
            raise DirectoryUnavailable(f"{provider}: {error}") from error

    def stop(self) -> None:
        """End all work."""
        self._checks.stop()
        for _, directory in self._directories.values():
            directory.close()
