"""One look-up of a name: the hosts file, then the DNS. The schedule is in `resolver`."""

import asyncio
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass

import dns.asyncresolver
import dns.exception
import dns.name
import dns.nameserver
import dns.resolver

from hotgate.config.resilience import Resolver as ResolverSettings
from hotgate.control.hosts_file import HostsFile

MOST_ADDRESSES = 64  # of one name; the answer over TCP could hold thousands
_HOSTS_TTL = 5.0  # seconds until the hosts file is looked at again
_ONE_TRY = 2.0  # seconds for one question to one name server, as in resolv.conf(5) of musl and systemd
_FAMILIES = ("A", "AAAA")


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
        self._dns = _dns_resolver(settings)

    async def __call__(self, name: str) -> Found:
        """The addresses of `name`. Raises LookupFailed, at the latest after the settings' `timeout`."""
        listed = self._hosts.find(name)
        if listed:
            return Found(listed, _HOSTS_TTL)
        if self._dns is None:
            raise LookupFailed("no name server is configured")
        answers = await asyncio.gather(*(self._ask(self._dns, name, family) for family in _FAMILIES))
        addresses = [address for answer in answers for address in answer.addresses]
        if not addresses:
            raise LookupFailed(next((answer.failure for answer in answers if answer.failure), "it has no address"))
        ttl = min(answer.ttl for answer in answers if answer.addresses)
        return Found(tuple(addresses[:MOST_ADDRESSES]), min(max(ttl, self._settings.min_ttl), self._settings.max_ttl))

    async def _ask(self, resolver: dns.asyncresolver.Resolver, name: str, family: str) -> "_Answer":
        """What one family has; the other may still answer when this one fails."""
        try:
            answer = await resolver.resolve(name, family, raise_on_no_answer=False, search=True)
        except dns.resolver.NXDOMAIN:
            return _Answer((), 0.0, "there is no such name")
        except dns.exception.Timeout:
            return _Answer((), 0.0, f"no answer within {self._settings.timeout:g} s")
        except (dns.exception.DNSException, OSError, ValueError) as error:
            return _Answer((), 0.0, f"the name servers failed ({type(error).__name__})")
        if answer.rrset is None:
            return _Answer((), 0.0, "")
        return _Answer(_sorted(record.address for record in answer.rrset), answer.chaining_result.minimum_ttl, "")


@dataclass(frozen=True, slots=True)
class _Answer:
    addresses: tuple[str, ...]
    ttl: float
    failure: str


def _sorted(addresses: Iterable[str]) -> tuple[str, ...]:
    """Name servers shuffle what they answer; that is no change."""
    return tuple(str(address) for address in sorted(map(ipaddress.ip_address, addresses)))


def _dns_resolver(settings: ResolverSettings) -> dns.asyncresolver.Resolver | None:
    try:
        resolver = dns.asyncresolver.Resolver(configure=not settings.nameservers)
    except dns.resolver.NoResolverConfiguration:
        return None
    if settings.nameservers:
        resolver.nameservers = [dns.nameserver.Do53Nameserver(each.host, each.port) for each in settings.nameservers]
        resolver.domain, resolver.search = dns.name.root, []
    resolver.lifetime = settings.timeout
    resolver.timeout = min(_ONE_TRY, settings.timeout)
    return resolver
