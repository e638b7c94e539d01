"""What the control process has told a worker about targets: who is healthy, and where names lead.

It is kept for upstreams that a later configuration brings, and stays in force when the control process is gone.
"""

from collections.abc import Iterable, Mapping

from hotgate.runtime.workers.channel import Message
from hotgate.upstream.upstream import Upstream


class TargetReports:
    """Lives as long as the worker."""

    def __init__(self) -> None:
        self._healthy: dict[str, dict[str, bool]] = {}
        self._addresses: dict[str, tuple[str, ...]] = {}

    def hear(self, message: Message, upstreams: Mapping[str, Upstream]) -> None:
        """A `targets` message: what has changed, or everything. Raises KeyError, TypeError or ValueError."""
        healthy = {name: _flags(targets) for name, targets in message["healthy"].items()}
        addresses = {host: tuple(map(str, found)) for host, found in message["addresses"].items()}
        for name, targets in healthy.items():
            self._healthy.setdefault(name, {}).update(targets)
            if name in upstreams:
                upstreams[name].availability.follow_checks(targets)
        self._addresses.update(addresses)
        for upstream in upstreams.values() if addresses else ():
            upstream.availability.follow_names(addresses)

    def apply(self, upstreams: Mapping[str, Upstream]) -> None:
        """Tell upstreams that come into force what is known, and forget what is about none of them."""
        hosts = {target.host for upstream in upstreams.values() for target in upstream.targets}
        self._addresses = {host: found for host, found in self._addresses.items() if host in hosts}
        self._healthy = {
            name: _of(targets, upstreams[name]) for name, targets in self._healthy.items() if name in upstreams
        }
        for name, upstream in upstreams.items():
            upstream.availability.follow_names(self._addresses)
            upstream.availability.follow_checks(self._healthy.get(name, {}))


def _flags(targets: Mapping[str, object]) -> dict[str, bool]:
    return {target: healthy is True for target, healthy in targets.items()}


def _of(targets: Mapping[str, bool], upstream: Upstream) -> dict[str, bool]:
    names: Iterable[str] = {target.name for target in upstream.targets}
    return {name: healthy for name, healthy in targets.items() if name in names}
