"""What holds for all tests."""

import gc
import os
import sys

from hypothesis import HealthCheck, settings

# Some machines ask for no bytecode. Tests start processes by the hundred; each would compile all of the source again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Thousands of collected tests live until the end. With the usual thresholds, the collector of garbage looks at all of
# them again and again, which takes longer than many of them do.
gc.set_threshold(50_000, 20, 50)

# How long an example takes, or takes to be made, says something of the machine and nothing of the code.
settings.register_profile("hotgate", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hotgate")


def pytest_collection_finish() -> None:
    """From here on, the collector looks only at what tests make."""
    gc.collect()
    gc.freeze()


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are cores: some of the time goes by in waiting for processes."""
    return (os.cpu_count() or 1) + 2
