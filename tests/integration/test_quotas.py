"""A quota outlives every process, and operators see and reset it."""

import json
import os
import signal
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from hotgate.cli import app
from integration.conftest import Gateway
from integration.customer import ask
from integration.served import serving

CONFIG = """
routes:
  - {name: day, match: {path: "/day"}, public: true, respond: {}, quota: {limit: 40, per: day, by: address}}
  - {name: rate, match: {path: "/rate"}, public: true, respond: {}, rate_limit: {limit: 3/day, by: address}}
"""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with serving(tmp_path_factory.mktemp("quotas"), CONFIG, workers=2) as running:
        yield running


def command(gateway: Gateway, *arguments: str) -> str:
    result = CliRunner().invoke(app, [*arguments, "-c", str(gateway.file)])
    assert result.exit_code == 0, result.output
    return result.output


def statuses(gateway: Gateway, path: str, times: int) -> list[int]:
    return [ask(gateway.port, path).status for _ in range(times)]


def test_a_quota_is_not_exceeded_when_everything_is_killed_and_is_reset_by_operators(gateway: Gateway) -> None:
    admitted = statuses(gateway, "/day", 15).count(200)
    assert admitted == 15
    workers = gateway.worker_pids()
    gateway.signal(signal.SIGKILL)
    gateway.wait_for_exit()
    for pid in workers:
        os.kill(pid, signal.SIGKILL)
    gateway.start()
    admitted += statuses(gateway, "/day", 60).count(200)
    assert 20 <= admitted <= 40
    assert ask(gateway.port, "/day").status == 429

    (use,) = json.loads(command(gateway, "quotas", "list", "--json"))
    assert (use["quota"], use["key"], use["used"], use["limit"]) == ("quota/day", "a/127.0.0.1", 40, 40)
    assert json.loads(command(gateway, "quotas", "show", "quota/day", "a/127.0.0.1", "--json")) == use
    assert json.loads(gateway.admin("/api/v1/quotas?containing=127")[1])["items"][0]["used"] == 40
    command(gateway, "quotas", "reset", "quota/day", "a/127.0.0.1")
    gateway.until(lambda: ask(gateway.port, "/day").status == 200)


def test_operators_see_who_is_limited_and_let_it_begin_anew(gateway: Gateway) -> None:
    assert statuses(gateway, "/rate", 4) == [200, 200, 200, 429]
    (standing,) = json.loads(command(gateway, "limits", "list", "--limit", "route/rate", "--json"))
    assert (standing["key"], standing["level"], standing["kind"]) == ("a/127.0.0.1", 0, "bucket")
    assert "route/rate" in command(gateway, "limits", "show", "route/rate", "a/127.0.0.1")
    command(gateway, "limits", "reset", "route/rate", "a/127.0.0.1")
    gateway.until(lambda: ask(gateway.port, "/rate").status == 200)
    assert json.loads(command(gateway, "limits", "list", "--limit", "route/rate", "--json")) == []
    unknown = CliRunner().invoke(app, ["limits", "reset", "route/rate", "a/192.0.2.1", "-c", str(gateway.file)])
    assert unknown.exit_code == 1
