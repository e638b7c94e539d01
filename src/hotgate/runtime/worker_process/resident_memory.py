"""How much memory this process has."""

import os
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident_bytes(statistics: Path = Path("/proc/self/statm")) -> int:
    """Bytes in RAM, shared ones included (proc(5))."""
    return int(statistics.read_bytes().split()[1]) * _PAGE
