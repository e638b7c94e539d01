"""How the cyclic garbage collector is set up in a worker."""

import gc

_THRESHOLDS = (50_000, 20, 50)


def tune() -> None:
    """Call once everything is imported.

    The hot path frees by reference counts alone, so the collector finds little, and the default of one scan for each
    700 allocations costs latency for nothing. Modules and classes live for ever: frozen, they are never scanned, and
    their memory stays shared. Snapshots come later and stay collectable, for a reload replaces them.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
