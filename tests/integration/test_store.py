"""Keys of the store with real processes: others write to it, it breaks, and whoever serves goes on."""

import asyncio
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from hotgate.store.pepper import Peppers
from hotgate.store.records import Consumer, StoredKey
from hotgate.store.store import Store
from integration.conftest import COMMAND, SOURCES, Gateway
from integration.served import reload, serving, write
from postgresql import PostgreSQL, postgresql

PEPPER = "p" * 32
WRONG_PEPPER = "w" * 32
REFUSAL = "it was written with another pepper"
ROUTES = """\
identity: {{partners: {{api_key: {{managed: true}}}}}}
routes:
  - {{name: orders, match: {{path: "/orders"}}, authenticate: [partners], respond: {{status: 200, body: ok}}}}
store: {{pepper: {pepper}, {more}}}
"""


def configuration(more: str = "") -> str:
    return ROUTES.format(pepper=PEPPER, more=more)


def stored(name: str) -> StoredKey:
    """The record of the key that `name` is."""
    return StoredKey(name, Peppers([PEPPER.encode()]).digest(name.encode()), "acme", "live")


def change(url: str, work: Callable[[Store], Awaitable[object]]) -> None:
    """Write to a store as somebody else does, past the gateway."""

    async def run() -> None:
        store = await Store.open(url)
        try:
            await work(store)
        finally:
            await store.close()

    asyncio.run(run())


def add_keys(url: str, *names: str) -> None:
    async def work(store: Store) -> None:
        await store.add_keys([stored(name) for name in names], [Consumer("acme")])

    change(url, work)


def last_used(url: str, name: str) -> float | None:
    found: list[StoredKey | None] = []

    async def work(store: Store) -> None:
        found.append(await store.key(name))

    change(url, work)
    assert found[0] is not None
    return found[0].last_used


def answer(gateway: Gateway, name: str) -> int:
    """The status of one request with a key, on a connection of its own."""
    connection = http.client.HTTPConnection(gateway.host, gateway.port, timeout=10)
    try:
        connection.request("GET", "/orders", headers={"x-api-key": name})
        return connection.getresponse().status
    finally:
        connection.close()


def answers(gateway: Gateway, name: str) -> set[int]:
    """Of so many connections that no worker is left out."""
    return {answer(gateway, name) for _ in range(24)}


def until_all_answer(gateway: Gateway, name: str, status: int) -> None:
    gateway.until(lambda: answers(gateway, name) == {status})


@pytest.fixture(scope="module")
def server() -> Iterator[PostgreSQL]:
    with postgresql() as running:
        yield running


def test_what_another_process_writes_is_seen_by_every_worker(tmp_path: Path) -> None:
    with serving(tmp_path, configuration(), workers=2) as gateway:
        url = f"sqlite:///{tmp_path}/hotgate-state/hotgate.db"
        assert answers(gateway, "first-key") == {401}
        add_keys(url, "first-key", "second-key")
        until_all_answer(gateway, "first-key", 200)
        change(url, lambda store: store.revoke_key("first-key", "leaked", 1.0))
        until_all_answer(gateway, "first-key", 401)
        assert answers(gateway, "second-key") == {200}
        change(url, lambda store: store.change_consumer("acme", is_disabled=True))
        gateway.until(lambda: 200 not in answers(gateway, "second-key"))


def test_a_restart_keeps_everything(gateway: Gateway) -> None:
    url = f"sqlite:///{gateway.folder}/hotgate-state/hotgate.db"
    write(gateway, configuration())
    gateway.start()
    add_keys(url, "first-key")
    until_all_answer(gateway, "first-key", 200)
    gateway.signal(signal.SIGTERM)
    assert gateway.wait_for_exit() == 0
    assert last_used(url, "first-key")
    gateway.start()
    assert answer(gateway, "first-key") == 200


def test_workers_read_on_when_the_control_process_is_gone(tmp_path: Path) -> None:
    with serving(tmp_path, configuration(), workers=2) as gateway:
        url = f"sqlite:///{tmp_path}/hotgate-state/hotgate.db"
        add_keys(url, "first-key", "second-key")
        until_all_answer(gateway, "first-key", 200)
        os.kill(gateway.pid, signal.SIGKILL)
        gateway.wait_for_exit()
        assert answers(gateway, "second-key") == {200}
        change(url, lambda store: store.revoke_key("first-key", "leaked", 1.0))
        until_all_answer(gateway, "first-key", 401)


def test_a_store_that_disappears_denies_nobody_and_lets_nobody_in(tmp_path: Path) -> None:
    with serving(tmp_path, configuration()) as gateway:
        path = tmp_path / "hotgate-state" / "hotgate.db"
        add_keys(f"sqlite:///{path}", "first-key")
        until_all_answer(gateway, "first-key", 200)
        path.rename(path.with_suffix(".away"))
        until_all_answer(gateway, "other-key", 503)
        path.write_bytes(b"SQLite format 3\0" + b"damaged" * 5000)
        path.chmod(0o600)
        assert answers(gateway, "other-key") == {503}
        assert len(gateway.worker_pids()) == 1
        path.with_suffix(".away").replace(path)
        until_all_answer(gateway, "other-key", 401)
        assert answer(gateway, "first-key") == 200


def test_a_reload_moves_to_another_store(tmp_path: Path) -> None:
    other = f"sqlite:///{tmp_path}/other.db"
    add_keys(other, "other-key")
    with serving(tmp_path, configuration()) as gateway:
        assert answer(gateway, "other-key") == 401
        write(gateway, configuration("url: 'sqlite:///other.db'"))
        reload(gateway)
        assert answer(gateway, "other-key") == 200


def test_a_gateway_does_not_start_on_a_damaged_store(gateway: Gateway) -> None:
    (gateway.folder / "x.db").write_bytes(b"no database" * 1000)
    (gateway.folder / "x.db").chmod(0o600)
    write(gateway, configuration("url: 'sqlite:///x.db'"))
    gateway.launch()
    assert gateway.wait_for_exit() == 1
    gateway.wait_for_log(f"{gateway.file}:10:8: store: file is not a database")


def test_a_wrong_pepper_is_refused_by_reload_and_start(gateway: Gateway) -> None:
    write(gateway, configuration())
    gateway.start()
    add_keys(f"sqlite:///{gateway.folder}/hotgate-state/hotgate.db", "first-key")
    until_all_answer(gateway, "first-key", 200)
    write(gateway, configuration().replace(PEPPER, WRONG_PEPPER))
    gateway.signal(signal.SIGHUP)
    gateway.wait_for_log(f"the configuration is not changed: {gateway.file}:10:8: store: {REFUSAL}")
    assert answers(gateway, "first-key") == {200}
    gateway.signal(signal.SIGTERM)
    assert gateway.wait_for_exit() == 0
    gateway.launch()
    assert gateway.wait_for_exit() == 1
    gateway.wait_for_log(f"{gateway.file}:10:8: store: {REFUSAL}")
    assert WRONG_PEPPER not in json.dumps(gateway.log)


def test_a_second_node_with_another_pepper_does_not_start(server: PostgreSQL, tmp_path: Path) -> None:
    text = configuration(f"url: '{server.new_database()}'")
    for node in ("one", "two"):
        (tmp_path / node).mkdir()
    with serving(tmp_path / "one", text):
        second = Gateway(tmp_path / "two")
        write(second, text.replace(PEPPER, WRONG_PEPPER))
        try:
            second.launch()
            assert second.wait_for_exit() == 1
            second.wait_for_log(f"{second.file}:10:8: store: {REFUSAL}")
        finally:
            second.end()


def test_a_postgresql_that_is_killed_and_comes_back(server: PostgreSQL, tmp_path: Path) -> None:
    url = server.new_database()
    add_keys(url, "first-key", "second-key")
    with serving(tmp_path, configuration(f"url: '{url}'"), workers=2) as gateway:
        assert answers(gateway, "first-key") == {200}
        assert answers(gateway, "other-key") == {401}
        change(url, lambda store: store.revoke_key("second-key", "leaked", 1.0))
        until_all_answer(gateway, "second-key", 401)
        server.kill()
        try:
            until_all_answer(gateway, "other-key", 503)
            assert answers(gateway, "first-key") == {200}
        finally:
            server.start()
        add_keys(url, "other-key")
        until_all_answer(gateway, "other-key", 200)
        assert "hunter2" not in json.dumps([gateway.log, gateway.status()])
        _without_the_password_in_commands(gateway)


def _without_the_password_in_commands(gateway: Gateway) -> None:
    for command in (["check"], ["store", "status"]):
        shown = subprocess.run(
            [sys.executable, "-c", COMMAND, *command, "-c", str(gateway.file)],
            env={**os.environ, "PYTHONPATH": str(SOURCES)},
            capture_output=True,
            check=True,
        )
        assert b"hunter2" not in shown.stdout + shown.stderr
