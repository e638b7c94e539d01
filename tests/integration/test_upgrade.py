"""`hotgate upgrade`: another control process takes over, and no client notices."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotgate.cli import app
from hotgate.runtime.workers.launch import running_workers
from integration.backend import backend_running
from integration.conftest import COMMAND, DEADLINE, SOURCES, Gateway
from integration.customer import connect
from integration.load import kept_alive
from integration.served import reload
from integration.test_process_state import LIMITED, admitted


def command(gateway: Gateway, name: str) -> tuple[int, str]:
    """(exit status, what it says) of `hotgate NAME`. It runs in this process: starting it says nothing of upgrades."""
    done = CliRunner().invoke(app, [name, "--config", str(gateway.file)])
    return done.exit_code, done.output


def command_process(gateway: Gateway, name: str) -> tuple[int, str]:
    """The same of a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, name, "--config", str(gateway.file)],
        env={**os.environ, "PYTHONPATH": str(SOURCES)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    made = Gateway(tmp_path_factory.mktemp("gateway"))
    made.write()
    made.start()
    yield made
    made.end()


@pytest.fixture
def staying(unchanged: Gateway) -> Gateway:
    """A gateway that no test replaces, with what it began with in force."""
    unchanged.write()
    unchanged.forget_log()
    reload(unchanged)
    return unchanged


def control_pid(gateway: Gateway) -> int:
    return int((gateway.folder / "run" / "control.lock").read_text())


def processes(gateway: Gateway) -> set[int]:
    """The workers that there are, whoever started them, ready or not."""
    return running_workers(gateway.folder / "run" / "control.sock")


def has_ended(gateway: Gateway, pid: int) -> bool:
    return not gateway.is_running(pid)


def upgraded(gateway: Gateway) -> None:
    """Upgrade with success."""
    before = control_pid(gateway)
    assert command(gateway, "upgrade") == (0, "the new version has taken over\n")
    gateway.wait_for_log("ready")
    assert gateway.wait_for_exit() == 0
    assert control_pid(gateway) != before


def test_nothing_is_refused_or_cut(gateway: Gateway) -> None:
    gateway.write(workers=2)
    gateway.start()
    old = gateway.worker_pids()
    with kept_alive(gateway.port, ["/hello"]) as clients, connect(gateway.port) as kept:
        gateway.write("two", workers=2)
        upgraded(gateway)
        gateway.until(lambda: not any(map(gateway.is_running, old)))
        kept.close()
    assert [client.failures for client in clients] == [[], [], [], []]
    assert {status for client in clients for status in client.statuses} == {200}
    assert {gateway.get() for _ in range(20)} == {(200, "two")}
    assert gateway.admin("/readyz")[0] == 200
    assert len(gateway.worker_pids()) == 2


def test_a_signal_does_the_same_and_it_can_be_done_again(gateway: Gateway) -> None:
    gateway.start()
    for _ in range(2):
        before = control_pid(gateway)
        os.kill(before, signal.SIGUSR2)
        gateway.wait_for_log("ready")
        assert control_pid(gateway) != before
        gateway.until(partial(has_ended, gateway, before))
        assert gateway.get() == (200, "one")
    os.kill(control_pid(gateway), signal.SIGTERM)
    gateway.wait_for_log("stopped")


def test_limits_survive(gateway: Gateway) -> None:
    gateway.write(workers=2, more=LIMITED)
    gateway.start()
    assert admitted(gateway, 40) == 20
    upgraded(gateway)
    assert admitted(gateway, 20) == 0


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("nonsense: 1", "nonsense"),
        ("  - {name: more, match: {path: /m}, public: true, respond: {}, policies: [{use: 'broken:one'}]}", "broken"),
    ],
)
def test_a_new_version_that_cannot_start_changes_nothing(staying: Gateway, more: str, says: str) -> None:
    before = control_pid(staying)
    staying.write("two", more=more)
    os.kill(before, signal.SIGUSR2)
    assert says in staying.wait_for_log("no upgrade, this process goes on")["message"]
    status, text = command(staying, "upgrade")
    assert (status, says in text) == (1, True)
    assert staying.get() == (200, "one")
    assert control_pid(staying) == before
    staying.write("three")
    reload(staying)
    assert staying.get() == (200, "three")


def test_policies_that_end_the_workers_change_nothing(staying: Gateway) -> None:
    """What only the new workers find out: the control process itself compiles the policy without harm."""
    policy = staying.folder / "mine.py"
    policy.write_text("from hotgate import policy\n@policy(phase='admit')\ndef one(exchange): return None\n")
    route = "  - {name: more, match: {path: /m}, public: true, respond: {}, policies: [{use: 'mine:one'}]}"
    staying.write(more=route)
    reload(staying)
    (worker,) = staying.worker_pids()
    policy.write_text(
        "import sys, os\nif 'runtime.worker_process' in ' '.join(sys.orig_argv): os._exit(3)\n" + policy.read_text()
    )
    status, text = command(staying, "upgrade")
    assert (status, text) == (1, "the workers die as soon as they start\n")
    assert staying.get() == (200, "one")
    assert staying.worker_pids() == [worker]


def test_a_successor_that_is_killed_changes_nothing(gateway: Gateway) -> None:
    gateway.write(workers=2)
    gateway.start()
    workers = gateway.worker_pids()
    with kept_alive(gateway.port, ["/hello"], clients=2) as clients:
        gateway.signal(signal.SIGUSR2)
        os.kill(gateway.successor(), signal.SIGKILL)
        gateway.wait_for_log("no upgrade, this process goes on")
        gateway.until_workers(2)
        assert gateway.worker_pids() == workers
        upgraded(gateway)
    assert [client.failures for client in clients] == [[], []]


def test_an_old_process_that_is_killed_meanwhile_is_replaced_all_the_same(gateway: Gateway) -> None:
    gateway.write(workers=2)
    gateway.start()
    workers = gateway.worker_pids()
    with kept_alive(gateway.port, ["/hello"], clients=2) as clients:
        gateway.signal(signal.SIGUSR2)
        gateway.successor()
        gateway.signal(signal.SIGKILL)
        gateway.wait_for_log("ready")
        gateway.until(lambda: not any(map(gateway.is_running, workers)))
    assert [client.failures for client in clients] == [[], []]


def test_a_stop_ends_an_upgrade(gateway: Gateway) -> None:
    gateway.start()
    gateway.signal(signal.SIGUSR2)
    successor = gateway.successor()
    gateway.signal(signal.SIGTERM)
    assert gateway.wait_for_exit() == 0
    assert not gateway.is_running(successor)


def test_a_stop_right_after_an_upgrade_leaves_nothing_behind(gateway: Gateway) -> None:
    """The new process has relieved the old one, and its own workers do not serve yet."""
    gateway.write(workers=2)
    gateway.start()
    workers = gateway.worker_pids()
    gateway.signal(signal.SIGUSR2)
    successor = gateway.successor()
    gateway.wait_for_log(f"process {successor} takes over")
    os.kill(successor, signal.SIGTERM)
    gateway.until(lambda: not any(map(gateway.is_running, [successor, *workers])))
    gateway.until(lambda: not processes(gateway))


def test_a_stop_of_a_start_ends_what_an_earlier_process_left_behind(gateway: Gateway) -> None:
    gateway.start()
    orphans = gateway.worker_pids()
    gateway.signal(signal.SIGKILL)
    gateway.wait_for_exit()
    gateway.launch()
    gateway.until(lambda: len(processes(gateway)) > len(orphans))
    gateway.signal(signal.SIGTERM)
    assert gateway.wait_for_exit() == 0
    gateway.until(lambda: not any(map(gateway.is_running, orphans)))


def test_commands_need_a_running_gateway(gateway: Gateway, tmp_path: Path) -> None:
    for name in ("upgrade", "reload"):
        status, text = command_process(gateway, name)
        assert (status, "no gateway of this configuration is running" in text) == (1, True)


def test_reload_says_how_it_went(staying: Gateway) -> None:
    staying.write("two")
    assert command_process(staying, "reload") == (0, "the configuration is in force\n")
    assert staying.get() == (200, "two")
    staying.write(
        "three", more="  - {name: m, match: {path: /m}, public: true, respond: {}, policies: [{use: 'no:no'}]}"
    )
    status, text = command(staying, "reload")
    assert (status, "routes[1]" in text) == (1, True)
    assert staying.get() == (200, "two")


def test_two_in_a_row_cut_nothing(gateway: Gateway) -> None:
    """The second new process finds workers that drain already, and does not know it when it wishes them to."""
    with backend_running() as backend:
        route = "  - {name: b, match: {path: '/*'}, public: true, upstream: b}"
        gateway.write(more=f"{route}\nupstreams: {{b: {{targets: ['{backend.url}']}}}}")
        gateway.start()
        with connect(gateway.port) as waiting:
            waiting.sendall(b"GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
            assert backend.asked.wait(DEADLINE)
            upgraded(gateway)
            assert command(gateway, "upgrade") == (0, "the new version has taken over\n")
            gateway.wait_for_log("ready")
            gateway.until_workers(2)  # the new one, and the first
            backend.release.set()
            assert waiting.recv(4096).startswith(b"HTTP/1.1 200")
