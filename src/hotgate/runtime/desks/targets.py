"""Names and health of targets: found out by the control process, pushed to every worker."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hotgate.config.addresses import TargetUrl
from hotgate.config.resilience import Resolver as ResolverSettings
from hotgate.control.health import HealthChecks
from hotgate.control.name_lookup import NameLookup
from hotgate.control.probe import Check, probe
from hotgate.control.resolver import Resolver
from hotgate.runtime.compiling.compile_upstream import compile_client_tls, compile_dialer
from hotgate.runtime.workers.channel import Message
from hotgate.upstream.proxy_header import ClientAddresses, proxy_header
from hotgate.upstream.target import is_address

FIRST_ANSWERS = 2.0  # seconds that a start or a reload waits for names; one that takes longer comes later


class Targets:
    """broadcast: sends a message to every worker, which `runtime/worker_process/target_reports.py` takes."""

    def __init__(self, broadcast: Callable[[Message], None]) -> None:
        self._broadcast = broadcast
        self._settings = ResolverSettings()
        self._resolver = Resolver(NameLookup(self._settings), lambda found: self._tell({}, found))
        self._checks = HealthChecks(self._probe, self._health_changed)
        self._names: set[str] = set()

    async def add(self, config: Any) -> None:
        """Look up the names of a configuration as well, before it is in force."""
        await self._resolve(config.resolver, self._names | _names(config))

    async def follow(self, config: Any) -> None:
        """Look up and check what a configuration names, and nothing else."""
        self._names = _names(config)
        await self._resolve(config.resolver, self._names)
        await self._checks.follow(_checks(config))

    async def stop(self) -> None:
        """End all background work."""
        await self._checks.stop()
        await self._resolver.stop()

    def report(self) -> Message:
        """Everything that is known, for a worker that has just connected."""
        return _message(self._checks.decisions(), self._resolver.addresses())

    def health(self) -> list[dict[str, Any]]:
        """One object per target that is checked, for the admin API."""
        return self._checks.state()

    def names(self) -> list[dict[str, Any]]:
        """One object per name, for the admin API."""
        return self._resolver.state()

    async def _resolve(self, settings: ResolverSettings, names: set[str]) -> None:
        await self._resolver.follow(names)
        if settings != self._settings:
            self._settings = settings
            await self._resolver.use(NameLookup(settings))
        await self._resolver.wait_for_first(FIRST_ANSWERS)

    async def _probe(self, check: Check) -> None:
        host = check.url.host
        await probe(check, self._resolver.addresses().get(host, ()) if _has_name(check.url) else (host,))

    def _health_changed(self, upstream: str, target: str, healthy: bool) -> None:
        self._tell({upstream: {target: healthy}}, {})

    def _tell(self, healthy: Mapping[str, Mapping[str, bool]], addresses: Mapping[str, tuple[str, ...]]) -> None:
        self._broadcast(_message(healthy, addresses))


def _message(healthy: Mapping[str, Mapping[str, bool]], addresses: Mapping[str, tuple[str, ...]]) -> Message:
    return {"type": "targets", "healthy": healthy, "addresses": addresses}


def _has_name(url: TargetUrl) -> bool:
    """Whether somebody must look its address up."""
    return not url.path and not is_address(url.host)


def _names(config: Any) -> set[str]:
    urls = [target.url for upstream in config.upstreams.values() for target in upstream.targets]
    return {url.host for url in urls if _has_name(url)}


def _checks(config: Any) -> Iterator[Check]:
    for name, upstream in config.upstreams.items():
        if upstream.health is None:
            continue
        tls = compile_client_tls(upstream)
        header = proxy_header(upstream.proxy_protocol, _NO_CLIENT) if upstream.proxy_protocol else b""
        for target in upstream.targets:
            dialer = compile_dialer(target.url, tls)
            yield Check(name, str(target.url), target.url, upstream.health, dialer, header)


_NO_CLIENT = ClientAddresses("", 0, "", 0)  # a check is nobody's request
