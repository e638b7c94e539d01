"""What holds for all tests."""

import os
import sys

from hypothesis import HealthCheck, settings

# Some machines ask for no bytecode. Tests start processes by the hundred; each would compile all of the source again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# How long an example takes, or takes to be made, says something of the machine and nothing of the code.
settings.register_profile("hotgate", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hotgate")


def pytest_xdist_auto_num_workers() -> int:
    """Two more than there are cores: some of the time goes by in waiting for processes."""
    return (os.cpu_count() or 1) + 2
