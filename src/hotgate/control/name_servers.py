"""Questions to name servers: one for each family of addresses. Imported when the first is asked."""

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

_ONE_TRY = 2.0  # seconds for one question to one name server, as in resolv.conf(5) of musl and systemd
_FAMILIES = ("A", "AAAA")


@dataclass(frozen=True, slots=True)
class Answer:
    """addresses: numeric, sorted. ttl: seconds for which they hold. failure: why there are none, if that is known."""

    addresses: tuple[str, ...]
    ttl: float
    failure: str


class NameServers:
    """Those of the settings, or those of `/etc/resolv.conf` with its search list."""

    def __init__(self, settings: ResolverSettings) -> None:
        self._timeout = settings.timeout
        self._dns = _dns_resolver(settings)

    async def ask(self, name: str) -> list[Answer]:
        """One answer for each family, at the latest after the settings' `timeout`."""
        if self._dns is None:
            return [Answer((), 0.0, "no name server is configured")]
        return await asyncio.gather(*(self._ask(self._dns, name, family) for family in _FAMILIES))

    async def _ask(self, resolver: dns.asyncresolver.Resolver, name: str, family: str) -> Answer:
        """What one family has; the other may still answer when this one fails."""
        try:
            answer = await resolver.resolve(name, family, raise_on_no_answer=False, search=True)
        except dns.resolver.NXDOMAIN:
            return Answer((), 0.0, "there is no such name")
        except dns.exception.Timeout:
            return Answer((), 0.0, f"no answer within {self._timeout:g} s")
        except (dns.exception.DNSException, OSError, ValueError) as error:
            return Answer((), 0.0, f"the name servers failed ({type(error).__name__})")
        if answer.rrset is None:
            return Answer((), 0.0, "")
        return Answer(_sorted(record.address for record in answer.rrset), answer.chaining_result.minimum_ttl, "")


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
