"""Compiling without the cyclic garbage collector: all that is made is kept, so there is nothing for it to find.

It looks at everything again and again while thousands of routes are made: with 5,000 of them, that was more than half
of the time for which a worker serves nobody during a reload.
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
