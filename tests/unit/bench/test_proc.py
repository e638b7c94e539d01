"""What Linux says about processes, asked about this one."""

import os
import subprocess
import sys

from bench.proc import core_seconds, cpu_seconds, memory, process_tree, started_at, worker_of


def test_a_child_belongs_to_the_tree_and_is_its_worker() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert process_tree(os.getpid())[0] == os.getpid()
        assert child.pid in process_tree(os.getpid())
        assert worker_of(child.pid) == child.pid
        child.communicate()


def test_own_memory_and_time_are_positive() -> None:
    found = memory(os.getpid())
    assert 0 < found["uss"] <= found["rss"]
    assert cpu_seconds(os.getpid()) > 0
    assert core_seconds(min(os.sched_getaffinity(0))) > 0


def test_a_process_that_has_ended_has_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert started_at(child.pid) == -1
    assert memory(child.pid) == {"rss": 0.0, "pss": 0.0, "uss": 0.0}
    assert cpu_seconds(child.pid) == 0
