"""Who used the two cores while a load lasted: the server, the load, or somebody who should not have."""

import resource
import time
from dataclasses import dataclass

from bench.lab import Lab, Running
from bench.proc import core_seconds, cpu_seconds


@dataclass(frozen=True, slots=True)
class Usage:
    """Seconds of the clock, and of processor time: the server's, the load's, and all that their two cores gave."""

    clock: float
    server: float
    load: float
    server_core: float
    load_core: float

    @classmethod
    def now(cls, lab: Lab, server: Running) -> "Usage":
        """What has been used so far."""
        return cls(
            clock=time.monotonic(),
            server=cpu_seconds(server.program.pid),
            load=sum(map(cpu_seconds, lab.backends)) + _own() + _ended_children(),
            server_core=core_seconds(lab.cores.server),
            load_core=core_seconds(lab.cores.load),
        )

    def since(self, earlier: "Usage") -> "Usage":
        """What was used from then to now."""
        return Usage(
            self.clock - earlier.clock,
            self.server - earlier.server,
            self.load - earlier.load,
            self.server_core - earlier.server_core,
            self.load_core - earlier.load_core,
        )

    @property
    def disturbed(self) -> float:
        """The share of a core that others took, of the core that suffered more."""
        return max(0.0, self.server_core - self.server, self.load_core - self.load) / self.clock


def _own() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _ended_children() -> float:
    """wrk: it has ended by the time it is asked about."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
