"""Standard streams that whoever started the program has closed, as some supervisors do."""

import os
import sys

_NAMES = {1: "stdout", 2: "stderr"}


def fill_closed_streams() -> None:
    """Let /dev/null take the place of closed standard streams.

    Otherwise a socket would get the number of a closed one, and its peer what was meant for a log.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= max(_NAMES):
        os.set_inheritable(descriptor, True)  # for the workers
    os.close(descriptor)
    for number, name in _NAMES.items():
        if getattr(sys, name) is None:  # what Python makes of a closed one
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8", closefd=False))
