"""What a login asks of a directory: who is meant by a name, whether the password is theirs, what groups they have."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hotgate.control.directories.connection_pool import ConnectionPool
from hotgate.control.directories.directory_unavailable import DirectoryUnavailable
from hotgate.control.directories.ldap_connection import NO_SUCH_OBJECT, SUCCESS, Address, LdapConnection, named
from hotgate.control.directories.ldap_message import Entry
from hotgate.control.directories.places import Places
from hotgate.identity.directories.distinguished_name import escaped, first_value, is_below
from hotgate.identity.directories.search_filter import Condition
from hotgate.policies.passwords.ldap_settings import LdapSettings
from hotgate.upstream.client_tls import client_context

MAX_GROUPS = 1000
MAX_WAITING = 256  # logins that may be under way

# Codes with which a directory says that this name cannot log in with this password, for whatever reason: wrong, locked,
# expired, not allowed (RFC 4511 appendix A.1).
_NO_LOGIN = frozenset({19, NO_SUCH_OBJECT, 34, 48, 49, 50, 53})

_ANYTHING = Condition("objectClass", None)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody who has proved to be in the directory. name: as the directory spells it, whatever was typed."""

    name: str
    dn: str
    groups: Sequence[str] = ()
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)


class Directory:
    """One entry's, until `close`. Raises ValueError for certificates that cannot be used."""

    def __init__(self, settings: LdapSettings) -> None:
        self._settings = settings
        self._user_filter = settings.user_filter()
        self._group_filter = settings.group_filter()
        addresses = _addresses(settings)
        places = Places(addresses, settings.timeout / (len(addresses) + 1))
        self._searching = ConnectionPool(places, settings.connections, self._introduce)
        self._binding = ConnectionPool(places, settings.connections)
        self._under_way = 0

    async def member(self, name: str, password: str) -> Member | None:
        """Who proves it with this password, or None. Raises DirectoryUnavailable."""
        if self._under_way >= MAX_WAITING:
            raise DirectoryUnavailable("too many logins are under way")
        self._under_way += 1
        try:
            async with asyncio.timeout(self._settings.timeout):
                return await self._member(name, password)
        except TimeoutError:
            raise DirectoryUnavailable(f"no answer within {self._settings.timeout:g} s") from None
        finally:
            self._under_way -= 1

    def close(self) -> None:
        """Hang up."""
        self._searching.close()
        self._binding.close()

    async def _member(self, typed: str, password: str) -> Member | None:
        dn = await self._name_of(typed)
        async with self._binding.connection() as connection:
            # For a name that nobody has, a password is tried all the same: both take as many round trips.
            code = await connection.bind(dn or self._nobody, password)
            if code == SUCCESS and dn is not None:
                return await self._described(dn, typed, connection)
        if code not in _NO_LOGIN and code != SUCCESS:
            raise DirectoryUnavailable(f"the bind ends with {named(code)}")
        return None

    async def _name_of(self, typed: str) -> str | None:
        """The distinguished name of the one who is meant, or None."""
        settings, wanted = self._settings, self._user_filter
        if settings.users is None or wanted is None:
            return str(settings.user_dn).replace("{name}", escaped(typed))
        async with self._searching.connection() as connection:
            found = await connection.search(settings.users.base, wanted, {"name": typed}, (), 1)
        return found.entries[0].dn or None if found.is_all and len(found.entries) == 1 else None

    async def _described(self, dn: str, typed: str, bound: LdapConnection) -> Member:
        """bound: as the caller, who may read what they are if the gateway has no name of its own there."""
        if self._settings.bind_dn is None:
            return await self._read(dn, typed, bound)
        async with self._searching.connection() as connection:
            return await self._read(dn, typed, connection)

    async def _read(self, dn: str, typed: str, connection: LdapConnection) -> Member:
        settings = self._settings
        found = (await connection.search(dn, _ANYTHING, {}, self._wished, 1, only_base=True)).entries
        if len(found) != 1:
            raise DirectoryUnavailable("the entry of a caller cannot be read")
        entry = found[0]
        names = entry.attributes.get(settings.users.name.lower(), ()) if settings.users else (first_value(entry.dn),)
        if not names:
            raise DirectoryUnavailable("the entry of a caller lacks the attribute that names them")
        kept = {each: entry.attributes.get(each.lower(), ()) for each in settings.attributes}
        return Member(names[0], entry.dn, await self._groups(entry, typed, connection), kept)

    async def _groups(self, entry: Entry, typed: str, connection: LdapConnection) -> Sequence[str]:
        groups, wanted = self._settings.groups, self._group_filter
        if groups is None:
            return ()
        if groups.attribute is not None:
            listed = entry.attributes.get(groups.attribute.lower(), ())
            counted = [name for name in listed if groups.base is None or is_below(name, groups.base)]
            return [first_value(name) for name in counted[:MAX_GROUPS]]
        if groups.base is None or wanted is None:
            return ()
        values = {"name": typed, "dn": entry.dn}
        found = await connection.search(groups.base, wanted, values, (groups.name,), MAX_GROUPS)
        return [value for each in found.entries for value in each.attributes.get(groups.name.lower(), ())[:1]]

    @property
    def _wished(self) -> Sequence[str]:
        settings = self._settings
        named = [settings.users.name] if settings.users else []
        listed = [settings.groups.attribute] if settings.groups and settings.groups.attribute else []
        return tuple(dict.fromkeys([*named, *listed, *settings.attributes]))

    @property
    def _nobody(self) -> str:
        return f"cn=nobody,{self._settings.users.base}" if self._settings.users else "cn=nobody"

    async def _introduce(self, connection: LdapConnection) -> None:
        """The gateway says who it is."""
        settings = self._settings
        if settings.bind_dn is None or settings.bind_password is None:
            raise DirectoryUnavailable("nobody is there to search")
        code = await connection.bind(settings.bind_dn, settings.bind_password.reveal())
        if code != SUCCESS:
            raise DirectoryUnavailable(f"`bind_dn` is not let in: {named(code)}")


def _addresses(settings: LdapSettings) -> list[Address]:
    context: ssl.SSLContext = client_context(ca=[each.reveal() for each in settings.ca])
    context.set_alpn_protocols([])
    return [
        Address(host, port, context if is_tls or settings.start_tls else None, starts_plain=not is_tls)
        for host, port, is_tls in settings.addresses()
    ]
