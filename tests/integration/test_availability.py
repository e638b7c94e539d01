"""Backends that die and come back, and names that change: noticed by the control process, felt by no client."""

import asyncio
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from free_ports import free_port
from integration.backend import Backend, backend_running
from integration.conftest import Gateway
from integration.customer import ask
from integration.load import KeptAlive, kept_alive
from integration.served import metric, reload, serving, write
from unit.control.dns_server import DnsServer, dns_server

HEALTHY = "hotgate_upstream_target_healthy"
CLIENTS = 4


def configuration(*urls: str, keys: str) -> str:
    targets = ", ".join(f'"{url}"' for url in urls)
    return f"""
    upstreams:
      api: {{targets: [{targets}], {keys}}}
    routes:
      - {{name: all, match: {{path: "/*"}}, upstream: api, public: true}}
    """


def failures(clients: list[KeptAlive]) -> int:
    """Requests that were not answered 200."""
    return sum(count for client in clients for status, count in client.statuses.items() if status != 200) + sum(
        len(client.failures) for client in clients
    )


def test_the_death_of_one_backend_of_three_costs_what_was_in_flight_at_most(tmp_path: Path) -> None:
    backends = [Backend() for _ in range(3)]
    urls = [backend.url for backend in backends]
    keys = "health: {path: /healthz, every: 100ms, unhealthy_after: 2}"
    try:
        with (
            serving(tmp_path, configuration(*urls, keys=keys), workers=2) as gateway,
            kept_alive(gateway.port, ["/fine"], CLIENTS) as clients,
        ):
            gateway.until(lambda: all(backend.served > 20 for backend in backends))
            backends[1].stop()
            gateway.until(lambda: metric(gateway, HEALTHY, target=urls[1]) == 0)
            gateway.wait_for_log("upstream api: " + urls[1] + " is unhealthy")
            lost = failures(clients)
            assert lost <= 2 * CLIENTS
            before = backends[0].served
            gateway.until(lambda: backends[0].served > before + 100)
            assert failures(clients) == lost
            backends[1] = Backend(backends[1].port)
            gateway.until(lambda: backends[1].served > 20)
            assert metric(gateway, HEALTHY, target=urls[1]) == 1
            assert failures(clients) == lost
    finally:
        for backend in backends:
            backend.stop()


def test_a_backend_without_checks_is_out_for_its_failures(tmp_path: Path) -> None:
    with backend_running() as backend:
        dead = f"http://127.0.0.1:{free_port()}"
        keys = "retries: {attempts: 1}, ejection: {consecutive_failures: 3}"
        with serving(tmp_path, configuration(backend.url, dead, keys=keys)) as gateway:
            statuses = [ask(gateway.port, "/fine").status for _ in range(20)]
            assert statuses.count(502) == 3
            assert set(statuses[6:]) == {200}
            gateway.until(lambda: metric(gateway, "hotgate_upstream_target_ejected", target=dead) == 1)
            assert metric(gateway, "hotgate_upstream_target_ejections_total", target=dead) == 1


def test_what_is_known_stays_when_the_control_process_is_gone(tmp_path: Path) -> None:
    with backend_running() as backend:
        dead = f"http://127.0.0.1:{free_port()}"
        keys = "health: {tcp: true, every: 100ms}, retries: {attempts: 1}, ejection: {consecutive_failures: 0}"
        with serving(tmp_path, configuration(backend.url, dead, keys=keys)) as gateway:
            gateway.until(lambda: metric(gateway, HEALTHY, target=dead) == 0)
            gateway.until(lambda: {ask(gateway.port, "/fine").status for _ in range(4)} == {200})
            gateway.signal(signal.SIGKILL)
            gateway.wait_for_exit()
            assert {ask(gateway.port, "/fine").status for _ in range(20)} == {200}


def test_health_outlives_a_reload(tmp_path: Path) -> None:
    with backend_running() as backend:
        dead = f"http://127.0.0.1:{free_port()}"
        keys = "health: {tcp: true, every: 1h}, retries: {attempts: 1}, ejection: {consecutive_failures: 0}"
        text = configuration(backend.url, dead, keys=keys)
        with serving(tmp_path, text) as gateway:
            gateway.until(lambda: metric(gateway, HEALTHY, target=dead) == 0)  # by the first check; no other will come
            write(gateway, text + '  - {name: new, match: {path: "/new"}, upstream: api, public: true}\n')
            reload(gateway)
            assert {ask(gateway.port, path).status for path in ["/fine", "/new"] * 10} == {200}
            (state,) = [each for each in gateway.status()["health"] if each["target"] == dead]
            assert (state["healthy"], state["checked"], state["last_error"]) == (False, True, "Connection refused")


@contextmanager
def name_server() -> Iterator[DnsServer]:
    """A name server in a thread of its own."""
    loop = asyncio.new_event_loop()
    started: list[DnsServer] = []
    is_up, is_over = threading.Event(), asyncio.Event()

    async def serve() -> None:
        async with dns_server() as server:
            started.append(server)
            is_up.set()
            await is_over.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    is_up.wait(10)
    try:
        yield started[0]
    finally:
        loop.call_soon_threadsafe(is_over.set)
        thread.join()
        loop.close()


def named(server_port: int, *urls: str) -> str:
    return f'resolver: {{nameservers: ["127.0.0.1:{server_port}"]}}\n' + "\n".join(
        line[4:] for line in configuration(*urls, keys="max_connections: 8").splitlines()
    )


def addresses(gateway: Gateway, name: str) -> list[str]:
    return next((each["addresses"] for each in gateway.status()["names"] if each["name"] == name), [])


def test_a_name_that_cannot_be_resolved_stops_nothing_and_is_found_later(tmp_path: Path) -> None:
    with (
        backend_running() as backend,
        name_server() as server,
        serving(tmp_path, named(server.port, f"http://api.test:{backend.port}")) as gateway,
    ):
        answer = ask(gateway.port, "/fine")
        assert (answer.status, answer.code) == (502, "upstream-name-unresolved")
        server.records["api.test"] = (0, ["127.0.0.1"])
        gateway.until(lambda: ask(gateway.port, "/fine").status == 200)
        gateway.wait_for_log("name api.test is at 127.0.0.1")
        del server.records["api.test"]
        gateway.wait_for_log("name api.test cannot be resolved: there is no such name")
        assert ask(gateway.port, "/fine").status == 200


def test_a_name_that_moves_takes_its_requests_along(tmp_path: Path) -> None:
    with backend_running() as old, name_server() as server:
        new = Backend(old.port, "127.0.0.2")
        server.records["api.test"] = (0, ["127.0.0.1"])
        try:
            with (
                serving(tmp_path, named(server.port, f"http://api.test:{old.port}")) as gateway,
                kept_alive(gateway.port, ["/fine"], 2) as clients,
            ):
                gateway.until(lambda: old.served > 20)
                server.records["api.test"] = (0, ["127.0.0.2"])
                gateway.until(lambda: new.served > 20)
                gateway.until(lambda: addresses(gateway, "api.test") == ["127.0.0.2"])
                assert failures(clients) == 0
        finally:
            new.stop()


def test_a_reload_knows_the_addresses_of_new_names_before_it_is_in_force(tmp_path: Path) -> None:
    with backend_running() as backend, name_server() as server:
        server.records = {"old.test": (60, ["127.0.0.1"]), "new.test": (60, ["127.0.0.1"])}
        with serving(tmp_path, named(server.port, f"http://old.test:{backend.port}")) as gateway:
            write(gateway, named(server.port, f"http://new.test:{backend.port}"))
            with kept_alive(gateway.port, ["/fine"], 2) as clients:
                reload(gateway)
                gateway.until(lambda: addresses(gateway, "new.test"))
            assert failures(clients) == 0
            assert addresses(gateway, "old.test") == []


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ("health: {every: 5s}", "needs either `path` or `tcp: true`"),
        ('ejection: {max_share: "80%"}', "more than 100% together"),
        ("health: {path: /a, unhealty_after: 3}", "did you mean 'unhealthy_after'?"),
    ],
)
def test_mistakes_are_found_before_anything_starts(gateway: Gateway, keys: str, message: str) -> None:
    write(gateway, configuration("http://127.0.0.1:9", keys=keys))
    gateway.launch()
    assert gateway.wait_for_exit() == 1
    line = gateway.wait_for_log(f"{gateway.file}:")["message"]
    assert message in line
