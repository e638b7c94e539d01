"""Importing and compiling without the cyclic garbage collector: all that is made is kept, so it would find nothing.

It looks at everything again and again while modules are imported and routes are made: that was a fifth of the time that
a start takes, and with 5,000 routes more than half of the time for which a worker serves nobody during a reload.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection() -> Iterator[None]:
    """For a `with` or as a decorator. Of two threads that overlap, the first to have begun turns it on again."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
