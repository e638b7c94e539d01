"""Core dumps: a process of the gateway holds private keys, peppers and tokens, which a dump would put on the disk."""

import resource


def forbid_core_dumps() -> None:
    """For this process and, since the hard limit goes too, for all that it starts: workers and an upgraded program.

    The kernel writes no file then, and systemd-coredump, to which it may hand the dump instead, keeps none.
    """
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
