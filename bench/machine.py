"""What the figures were taken on: without it they cannot be compared."""

import os
import platform
import re
import resource
from datetime import UTC, datetime
from pathlib import Path


def machine() -> dict[str, str]:
    """Processor, cores, memory, kernel, Python, the load before the run, and the date."""
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "processor": _field("/proc/cpuinfo", "model name"),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory": f"{int(_field('/proc/meminfo', 'MemTotal').split()[0]) / 2**20:.1f} GiB",
        "kernel": platform.release(),
        "system": platform.freedesktop_os_release().get("PRETTY_NAME", "unknown"),
        "Python": platform.python_version(),
        "load average before the run": f"{os.getloadavg()[0]:.2f}",
    }


def allow_open_files(count: int) -> None:
    """Raise the limit of open files for this process and what it starts, as far as the hard limit lets it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    wanted = count if hard == resource.RLIM_INFINITY else min(count, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _field(path: str, name: str) -> str:
    match = re.search(rf"^{name}\s*:\s*(.+)$", Path(path).read_text(), re.MULTILINE)
    return match[1] if match else "unknown"
