"""Releases over several workers: all of them agree, what operators change holds for all, and for those to come."""

import json
import os
import signal
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner, Result

from free_ports import free_port
from hotgate.cli import app
from integration.backend import Backend, backend_running
from integration.conftest import TOKEN, Gateway
from integration.customer import Customer, ask
from integration.load import kept_alive
from integration.served import metric, serving

CONFIG = """
upstreams:
  blue: {{targets: ["{blue}"]}}
  green: {{targets: ["{green}"]}}
  dead: {{targets: ["http://127.0.0.1:{dead}"]}}
apis: {{orders: {{versions: {{v1: {{deprecated: "2026-01-01T00:00:00Z"}}, v2: {{}}}}}}}}
defaults: {{public: true, upstream: blue}}
routes:
  - {{name: shop, match: {{path: "/shop"}}, release: {{to: {{green: 0%}}, sticky: none}}}}
  - name: risky
    match: {{path: "/risky"}}
    release: {{to: {{dead: 50%}}, sticky: none, return_on: {{min_requests: 5, window: 1m}}}}
  - {{name: orders, match: {{path: "/{{version}}/orders"}}, version: {{api: orders}}}}
  - {{name: copied, match: {{path: "/copied"}}, mirror: {{upstream: green}}}}
"""


@pytest.fixture(scope="module")
def backends() -> Iterator[tuple[Backend, Backend]]:
    with backend_running() as blue, backend_running() as green:
        yield blue, green


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, backends: tuple[Backend, Backend]) -> Iterator[Gateway]:
    blue, green = backends
    text = CONFIG.format(blue=blue.url, green=green.url, dead=free_port())
    with serving(tmp_path_factory.mktemp("releases"), text, workers=2) as running:
        yield running


def command(gateway: Gateway, *arguments: str) -> Result:
    """`hotgate releases …`."""
    return CliRunner().invoke(app, ["releases", *arguments, "-c", str(gateway.file)])


def shares(gateway: Gateway, route: str) -> dict[str, float]:
    releases = {each["route"]: each for each in json.loads(command(gateway, "list", "--json").stdout)}
    return {side["upstream"]: side["percent"] for side in releases[route]["sides"]}


def goes_to(gateway: Gateway, backends: tuple[Backend, Backend]) -> set[int]:
    """Which of them twenty requests reach, on connections of their own: these hardly ever reach one worker only."""
    before = [backend.served for backend in backends]
    for _ in range(20):
        assert ask(gateway.port, "/shop").status == 200
    return {index for index, backend in enumerate(backends) if backend.served > before[index]}


def test_a_switch_holds_for_every_worker_and_loses_no_request(
    gateway: Gateway, backends: tuple[Backend, Backend]
) -> None:
    assert goes_to(gateway, backends) == {0}
    with kept_alive(gateway.port, ["/shop"], clients=2) as clients:
        assert command(gateway, "switch", "shop", "green").exit_code == 0
        gateway.until(lambda: goes_to(gateway, backends) == {1})
        assert command(gateway, "switch", "shop", "blue").exit_code == 0
        gateway.until(lambda: goes_to(gateway, backends) == {0})
    assert all(client.failures == [] and set(client.statuses) == {200} for client in clients)
    assert gateway.wait_for_log("switch-release")["subject"] == "shop green"


def test_an_upstream_that_fails_is_taken_out_everywhere_and_for_good(gateway: Gateway) -> None:
    for _ in range(40):
        ask(gateway.port, "/risky")
    event = gateway.wait_for_log("release-returned")
    assert (event["route"], event["upstream"]) == ("risky", "dead")
    gateway.until(lambda: all(ask(gateway.port, "/risky").status == 200 for _ in range(20)))
    assert shares(gateway, "risky") == {"blue": 100.0, "dead": 0.0}
    assert metric(gateway, "hotgate_release_closed", route="risky", upstream="dead") == 1
    assert metric(gateway, "hotgate_release_returns_total", route="risky", upstream="dead") == 1
    assert metric(gateway, "hotgate_release_errors_total", route="risky", upstream="dead") >= 5

    before = gateway.worker_pids()
    os.kill(before[0], signal.SIGKILL)
    gateway.until(lambda: before[0] not in gateway.worker_pids() and len(gateway.worker_pids()) == 2)
    assert all(ask(gateway.port, "/risky").status == 200 for _ in range(20))


def test_a_share_is_changed_through_the_api(gateway: Gateway, backends: tuple[Backend, Backend]) -> None:
    fields = [("Authorization", f"Bearer {TOKEN}"), ("Content-Type", "application/json")]
    with Customer(gateway.admin_port) as operator:
        body = json.dumps({"upstream": "green", "percent": 100}).encode()
        assert operator.ask("/api/v1/releases/shop", fields, method="PATCH", body=body).status == 204
    gateway.until(lambda: goes_to(gateway, backends) == {1})
    assert command(gateway, "reset", "shop").exit_code == 0
    gateway.until(lambda: goes_to(gateway, backends) == {0})
    refused = command(gateway, "set-weight", "shop", "green", "101%")
    assert (refused.exit_code, "0% to 100%" in refused.output) == (1, True)


def test_copies_are_counted(gateway: Gateway, backends: tuple[Backend, Backend]) -> None:
    before = backends[1].served
    assert ask(gateway.port, "/copied").status == 200
    gateway.until(lambda: backends[1].served == before + 1)
    gateway.until(lambda: metric(gateway, "hotgate_mirrored_total", route="copied", result="answered") == 1)


def test_who_uses_a_version_is_known(gateway: Gateway) -> None:
    for _ in range(5):
        assert ask(gateway.port, "/v1/orders").field("deprecation") == "@1767225600"
    gateway.until(lambda: metric(gateway, "hotgate_version_requests_total", api="orders", version="v1") == 5)
    runner, config = CliRunner(), ["-c", str(gateway.file)]
    gateway.until(lambda: json.loads(runner.invoke(app, ["versions", *config, "--json"]).stdout)[0]["requests"] == 5)
    assert runner.invoke(app, ["versions", *config]).stdout.splitlines()[1].split()[:5] == [
        *("orders", "v1", "2026-01-01", "-", "1"),
    ]
    assert runner.invoke(app, ["versions", "orders", "v1", *config]).stdout.splitlines()[1].split()[:2] == [
        "guests",
        "5",
    ]
    assert runner.invoke(app, ["versions", "orders", "v9", *config]).exit_code == 1


def test_what_was_changed_outlives_the_gateway(gateway: Gateway) -> None:
    assert command(gateway, "promote", "shop").exit_code == 0
    kept = gateway.folder / "hotgate-state" / "releases.json"
    gateway.until(lambda: "shop" in json.loads(kept.read_text()))
    gateway.signal(signal.SIGKILL)
    gateway.wait_for_exit()
    gateway.start()
    assert shares(gateway, "shop") == {"blue": 0.0, "green": 100.0}
    assert shares(gateway, "risky") == {"blue": 100.0, "dead": 0.0}
    assert all(ask(gateway.port, "/risky").status == 200 for _ in range(20))
