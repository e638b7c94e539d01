"""A server that takes connections and requests, and does not answer: stopped by a signal, as one that hangs."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def frozen_process(pid: int) -> Iterator[None]:
    """It does nothing in this block, in none of its threads: one on another core may run on for a moment."""
    os.kill(pid, signal.SIGSTOP)
    try:
        while not all(_is_stopped(task) for task in Path(f"/proc/{pid}/task").iterdir()):
            os.sched_yield()
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def _is_stopped(task: Path) -> bool:
    return (task / "stat").read_text().rpartition(")")[2].split()[0] == "T"
