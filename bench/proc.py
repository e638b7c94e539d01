"""What Linux tells about a process and its descendants: who they are, the memory and the processor time they use."""

import os
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_KIB = 1024.0


def process_tree(root: int) -> list[int]:
    """The pid and those of all its descendants, parents first."""
    tree = [root]
    for pid in tree:
        tree.extend(_children(pid))
    return tree


def worker_of(root: int) -> int:
    """The process that carries traffic: of the descendants without children, the one with the most memory."""
    leaves = [pid for pid in process_tree(root) if not _children(pid)]
    return max(leaves, key=lambda pid: memory(pid)["rss"])


def cpu_seconds(root: int) -> float:
    """User and system time of the whole tree so far."""
    return sum(_cpu_ticks(pid) for pid in process_tree(root)) / _TICKS_PER_SECOND


def core_seconds(core: int) -> float:
    """Time that a core has given to any process so far, or lost to other guests of its host (steal)."""
    line = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith(f"cpu{core} "))
    user, nice, system, _idle, _iowait, _irq, _softirq, steal = (int(ticks) for ticks in line.split()[1:9])
    return (user + nice + system + steal) / _TICKS_PER_SECOND


def memory(pid: int) -> dict[str, float]:
    """Bytes of `rss`, `pss` (shared pages divided by their users) and `uss` (its own only); zeros once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    except (FileNotFoundError, ProcessLookupError):
        return {"rss": 0.0, "pss": 0.0, "uss": 0.0}
    sizes = {line.split(":")[0]: float(line.split()[1]) * _KIB for line in lines}
    return {"rss": sizes["Rss"], "pss": sizes["Pss"], "uss": sizes["Private_Clean"] + sizes["Private_Dirty"]}


def started_at(pid: int) -> int:
    """Clock ticks between boot and the start of the process: with the pid it names one process. -1 once it ended."""
    fields = _stat(pid)
    return int(fields[19]) if fields else -1


def _cpu_ticks(pid: int) -> int:
    fields = _stat(pid)
    return int(fields[11]) + int(fields[12]) if fields else 0


def _stat(pid: int) -> list[str]:
    """The fields after the name (proc_pid_stat(5) counts from 1, the name is the second); empty once it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
