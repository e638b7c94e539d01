"""One look-up of a name: the hosts file, then the DNS. The schedule is in `resolver`."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from hotgate.config.resilience import Resolver as ResolverSettings
from hotgate.control.hosts_file import HostsFile

if TYPE_CHECKING:
    from hotgate.control.name_servers import NameServers

MOST_ADDRESSES = 64  # of one name; the answer over TCP could hold thousands
_HOSTS_TTL = 5.0  # seconds until the hosts file is looked at again


class LookupFailed(Exception):
    """No address this time; the message is fit for the log and the admin API."""


@dataclass(frozen=True, slots=True)
class Found:
    """addresses: at least one, numeric, sorted within IPv4 and IPv6. ttl: seconds for which they hold."""

    addresses: tuple[str, ...]
    ttl: float


class NameLookup:
    """Asks the name servers of the settings, or those of `/etc/resolv.conf` with its search list."""

    def __init__(self, settings: ResolverSettings, hosts: HostsFile | None = None) -> None:
        self._settings = settings
        self._hosts = hosts or HostsFile()

    async def __call__(self, name: str) -> Found:
        """The addresses of `name`. Raises LookupFailed, at the latest after the settings' `timeout`."""
        listed = self._hosts.find(name)
        if listed:
            return Found(listed, _HOSTS_TTL)
        answers = await self._name_servers.ask(name)
        addresses = [address for answer in answers for address in answer.addresses]
        if not addresses:
            raise LookupFailed(next((answer.failure for answer in answers if answer.failure), "it has no address"))
        ttl = min(answer.ttl for answer in answers if answer.addresses)
        return Found(tuple(addresses[:MOST_ADDRESSES]), min(max(ttl, self._settings.min_ttl), self._settings.max_ttl))

    @cached_property
    def _name_servers(self) -> "NameServers":
        from hotgate.control.name_servers import NameServers  # noqa: PLC0415 (heavy; few files have names)

        return NameServers(self._settings)
