"""What workers ask about passwords: the entries of the configuration in force know the answer.

A worker asks by the name of its settings (`PasswordSettings.source`): while configurations change, those of an entry
may differ here and there, and a password that was good before must not be remembered as one that is good now.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from hotgate.config.gateway import Gateway
from hotgate.control.directories.directory_unavailable import DirectoryUnavailable
from hotgate.control.passwords.password_checks import PasswordChecks
from hotgate.policies.passwords.basic_settings import BasicSettings, PasswordSettings
from hotgate.policies.passwords.ldap_settings import LdapSettings
from hotgate.runtime.desks.answers import NotAsked

if TYPE_CHECKING:
    from hotgate.control.directories.directory import Directory, Member


class Passwords:
    """Answers `{"source", "name", "password"}` with `{"right": …}`, and what a directory says of the caller."""

    def __init__(self) -> None:
        self._checks = PasswordChecks()
        self._hashes: dict[str, Mapping[str, str]] = {}
        self._directories: dict[str, tuple[LdapSettings, Directory]] = {}

    def add(self, config: Gateway) -> None:
        """Know the users of a configuration too, before it is in force. Connections to a directory outlive a reload."""
        for source, settings in _entries(config):
            if isinstance(settings, BasicSettings):
                self._hashes[source] = settings.hashes()
            elif isinstance(settings, LdapSettings):
                self._have_directory(source, settings)

    def follow(self, config: Gateway) -> None:
        """Know the users of a configuration, and nobody else."""
        self.add(config)
        wanted = {source for source, _ in _entries(config)}
        self._hashes = {source: hashes for source, hashes in self._hashes.items() if source in wanted}
        for source in self._directories.keys() - wanted:
            self._directories.pop(source)[1].close()

    async def answer(self, body: Any) -> dict[str, Any]:
        """Raises KeyError for settings that nobody has (any more), TooManyChecks, DirectoryUnavailable."""
        source, name, password = str(body["source"]), str(body["name"]), str(body["password"])
        if source not in self._directories:
            return {"right": await self._checks.is_right(self._hashes[source], name, password)}
        member = await self._member(source, name, password)
        if member is None:
            return {"right": False}
        told = {"subject": member.name, "dn": member.dn, "groups": member.groups, "attributes": member.attributes}
        return {"right": True, **told}

    async def look(self, body: Any) -> dict[str, Any]:
        """The same for who only wants to know: a directory, which counts wrong passwords, is not asked.

        Raises KeyError, TooManyChecks, NotAsked.
        """
        if str(body["source"]) in self._directories:
            raise NotAsked("a directory is not asked: it would count a wrong password")
        return await self.answer(body)

    async def _member(self, source: str, name: str, password: str) -> "Member | None":
        try:
            return await self._directories[source][1].member(name, password)
        except DirectoryUnavailable as error:
            entry, _, _ = source.rpartition(":")
            raise DirectoryUnavailable(f"{entry}: {error}") from error

    def stop(self) -> None:
        """End all work."""
        self._checks.stop()
        for _, directory in self._directories.values():
            directory.close()

    def _have_directory(self, source: str, settings: LdapSettings) -> None:
        from hotgate.control.directories.directory import Directory  # noqa: PLC0415 (heavy; few files have one)

        known = self._directories.get(source)
        if known is None or known[0] != settings:  # they may differ in a secret, which the name does not tell
            self._directories[source] = settings, Directory(settings)
            if known is not None:
                known[1].close()


def _entries(config: Gateway) -> Iterator[tuple[str, PasswordSettings]]:
    """The entries with passwords, by what their settings are called."""
    for name, entry in config.identity.items():
        if isinstance(entry.settings, PasswordSettings):
            yield entry.settings.source(name), entry.settings
