"""A ban holds in every worker, in one that comes later, and under a control process that comes later."""

import json
import os
import signal
from collections.abc import Iterator
from hashlib import sha256

import pytest
from typer.testing import CliRunner, Result

from hotgate.cli import app
from integration.conftest import Gateway
from integration.customer import ask
from integration.served import metric, serving

GOOD = "0123456789abcdef"
CONFIG = f"""
identity: {{partners: {{api_key: {{keys: [{{id: ci, sha256: "{sha256(GOOD.encode()).hexdigest()}"}}]}}}}}}
brute_force: {{exempt: [], delay_after: 10, ban_after: 10, ban: 1h}}
routes: [{{name: mine, match: {{path: "/mine"}}, authenticate: [partners], respond: {{}}}}]
"""


@pytest.fixture
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with serving(tmp_path_factory.mktemp("bans"), CONFIG, workers=2) as running:
        yield running


def status(gateway: Gateway, key: str) -> int:
    return ask(gateway.port, "/mine", [("X-Api-Key", key)]).status


def command(gateway: Gateway, *arguments: str) -> Result:
    """`hotgate bans …`."""
    return CliRunner().invoke(app, ["bans", *arguments, "-c", str(gateway.file)])


def is_banned_everywhere(gateway: Gateway) -> bool:
    """A good key opens nothing, whichever worker is asked: twenty connections hardly ever reach one only."""
    return all(status(gateway, GOOD) == 429 for _ in range(20))


def test_a_ban_holds_in_every_worker_also_in_later_ones(gateway: Gateway) -> None:
    assert status(gateway, GOOD) == 200
    assert [status(gateway, f"guess-number-{number}") for number in range(9)] == [401] * 9
    assert status(gateway, GOOD) == 200
    assert status(gateway, "guess-number-10") == 401
    gateway.until(lambda: is_banned_everywhere(gateway))
    (ban,) = gateway.status()["brute_force"]["bans"]
    assert ban["address"] == "127.0.0.1"
    assert metric(gateway, "hotgate_bans_active") == 1
    gateway.until(lambda: metric(gateway, "hotgate_authentication_failures_total", provider="partners") == 10)

    before = gateway.worker_pids()
    os.kill(before[0], signal.SIGKILL)
    gateway.until(lambda: before[0] not in gateway.worker_pids() and len(gateway.worker_pids()) == 2)
    gateway.until(lambda: is_banned_everywhere(gateway))


def test_a_new_control_process_learns_of_bans(gateway: Gateway) -> None:
    for number in range(10):
        status(gateway, f"guess-number-{number}")
    gateway.until(lambda: is_banned_everywhere(gateway))
    gateway.signal(signal.SIGKILL)
    gateway.wait_for_exit()
    assert status(gateway, GOOD) == 429
    gateway.start()
    gateway.until(lambda: gateway.status()["brute_force"]["active"] == 1)
    gateway.until(lambda: is_banned_everywhere(gateway))


def test_an_operator_sees_and_lifts_a_ban(gateway: Gateway) -> None:
    for number in range(10):
        status(gateway, f"guess-number-{number}")
    gateway.until(lambda: is_banned_everywhere(gateway))
    gateway.until(lambda: gateway.status()["brute_force"]["active"] == 1)
    assert command(gateway, "list").stdout.splitlines()[1].split()[0] == "127.0.0.1"
    assert json.loads(command(gateway, "list", "--json").stdout)["active"] == 1
    assert command(gateway, "lift", "127.0.0.1").stdout == "127.0.0.1 may try again\n"
    gateway.until(lambda: status(gateway, GOOD) == 200)
    again = command(gateway, "lift", "127.0.0.1")
    assert (again.exit_code, again.stderr) == (1, "this address is not banned\n")
