"""Who counts the limits in this gateway: itself, or all nodes together in a counter store."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from hotgate.limits.shared.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from hotgate.config.gateway import Gateway
    from hotgate.config.valkey import Valkey
    from hotgate.runtime.desks.limits.counter_desk import CounterDesk, CounterStore
    from hotgate.runtime.desks.limits.lease_desk import LeaseDesk
    from hotgate.runtime.workers.channel import Message


class SharedCounters:
    """desk: None where each node counts for itself. The driver is imported only where it is needed."""

    def __init__(
        self,
        config: Gateway,
        now: Callable[[], float],
        broadcast: Callable[[Message], None],
        left_behind: Iterable[int],
        quotas: LeaseDesk,
    ) -> None:
        self.desk: CounterDesk | None = None
        self._server = config.valkey
        self._prefix = config.counters.prefix
        if config.counters.are_shared and config.valkey is not None:
            from hotgate.runtime.desks.limits.counter_desk import CounterDesk  # noqa: PLC0415 (see the class)

            store = _opened(config.valkey, self._prefix)
            self.desk = CounterDesk(terms_of(config), store, now, broadcast, left_behind, quotas)

    def state(self) -> Mapping[str, Any] | None:
        """For operators; None where each node counts for itself."""
        return None if self.desk is None else self.desk.state()

    async def stop(self) -> None:
        """Hang up."""
        if self.desk is not None:
            await self.desk.stop()

    async def follow(self, config: Gateway) -> None:
        """Use the server that a configuration names. All else about counters stays as it was at the start."""
        if self.desk is not None and config.valkey is not None and config.valkey != self._server:
            self._server = config.valkey
            await self.desk.use(_opened(config.valkey, self._prefix))


def terms_of(config: Gateway) -> Terms:
    """What this node agrees upon with the others."""
    counters = config.counters
    can_fail_over = config.valkey is not None and config.valkey.can_fail_over
    return Terms(
        place=counters.node or socket.gethostname(),
        nodes=(counters.nodes or 0) if counters.when_lost == "share" else 0,
        when_lost=counters.when_lost,
        grace=counters.failover if can_fail_over else 0.0,
        most_keys=counters.max_keys,
        trusted=counters.unknown == "full",
    )


def _opened(server: Valkey, prefix: str) -> CounterStore:
    from hotgate.store.counters.valkey_counters import ValkeyCounters  # noqa: PLC0415 (see the class)
    from hotgate.store.valkey_connection import Servers  # noqa: PLC0415

    return ValkeyCounters(Servers.of(server), prefix)
