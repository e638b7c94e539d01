"""File descriptors: as many as the system allows, and some of them kept for backends.

When a process has none left, the event loop itself accepts and closes what comes (libuv keeps one for that), so that
nothing spins or waits in vain. Clients are turned away before it comes to that, with an answer.
"""

import logging
import resource

from hotgate.config.limits import Limits

_log = logging.getLogger("hotgate.runtime")

_MOST = 1 << 20  # the kernel's own default bound (fs.nr_open); "unlimited" is more than it takes
_RESERVE = 1024 + 64  # one pool of backend connections of the default size, and the process's own files


def raise_limit() -> int:
    """Take all that the system lets this process have. Returns how many descriptors that is."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return wanted if soft == resource.RLIM_INFINITY else soft


def highest_for_clients(limit: int) -> int:
    """The highest descriptor that a client's connection may have. At most a quarter of them is kept for the rest."""
    return limit - min(limit // 4, _RESERVE)


def tell_if_too_few(limit: int, limits: Limits) -> None:
    """Tell operators that `max_connections` cannot be reached: a warning if they have asked for so many."""
    available, max_connections = highest_for_clients(limit), limits.max_connections
    if max_connections > available:
        _log.log(
            logging.WARNING if "max_connections" in limits.model_fields_set else logging.INFO,
            "limits.max_connections is %d, but %d file descriptors allow only %d connections; raise `ulimit -n`"
            " (LimitNOFILE= of systemd)",
            max_connections,
            limit,
            available,
        )
