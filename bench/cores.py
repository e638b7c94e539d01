"""Which core does what: the server under test has one for itself; load, backend and this program share the other."""

import os
from dataclasses import dataclass


class TooFewCoresError(RuntimeError):
    """The machine does not offer two cores, so server and load would disturb each other."""


@dataclass(frozen=True, slots=True)
class Cores:
    """server: the core of every server measured. load: the core of wrk, the backends and the sampling."""

    server: int
    load: int


def choose_cores() -> Cores:
    """The last available core for servers (interrupts prefer the first), the first for load. Or TooFewCoresError."""
    available = sorted(os.sched_getaffinity(0))
    if len(available) < 2:
        raise TooFewCoresError("two cores are needed: one for the server, one for load and backend")
    return Cores(server=available[-1], load=available[0])


def pinned(core: int, command: list[str]) -> list[str]:
    """The same command on one core; children inherit the mask (sched_setaffinity(2))."""
    return ["taskset", "--cpu-list", str(core), *command]


def pin_this_process(core: int) -> None:
    """Move this program, its threads and what it starts from now on to one core."""
    os.sched_setaffinity(0, {core})


def strays(pids: list[int], core: int) -> list[int]:
    """The processes that may also run elsewhere: a server that resets its own mask must not count as pinned."""
    return [pid for pid in pids if os.sched_getaffinity(pid) != {core}]
