"""The admin API of a real gateway: what is written through it is in force in every worker, and nothing is lost."""

import http.client
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from free_ports import free_port
from integration.admin_client import Operator
from integration.conftest import DEADLINE, Gateway

MORE = """
  - {name: mine, match: {path: "/mine"}, authenticate: [partners], authorize: {scopes: ["orders:read"]},
     respond: {status: 200, body: "yours"}}
identity: {partners: {api_key: {managed: true}}}
store: {}
"""
WORKERS = 2


@pytest.fixture
def with_store(tmp_path: Path) -> Iterator[Gateway]:
    """A running gateway with a store and a route for its keys."""
    gateway = Gateway(tmp_path)
    gateway.write(workers=WORKERS, more=MORE)
    gateway.start()
    gateway.until(lambda: len(gateway.worker_pids()) == WORKERS)
    yield gateway
    gateway.end()


def answers(gateway: Gateway, key: str) -> set[int]:
    """What new connections with a key are answered: as many as reach every worker."""
    return {_status(gateway, key) for _ in range(8 * WORKERS)}


def _status(gateway: Gateway, key: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=DEADLINE)
    try:
        connection.request("GET", "/mine", headers={"X-API-Key": key})
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_life_of_a_key(with_store: Gateway) -> None:
    operator = Operator(with_store)
    operator.make("/consumers", name="acme")
    made = operator.make("/keys", consumer="acme", scopes=["orders:read"])
    with_store.until(lambda: answers(with_store, made["key"]) == {200})
    narrower = operator.ask("PATCH", f"/keys/{made['id']}", {"scopes": ["orders:write"]})
    assert narrower.status == 200
    with_store.until(lambda: answers(with_store, made["key"]) == {403})
    operator.ask("PATCH", f"/keys/{made['id']}", {"scopes": ["orders:read"]})
    rotated = operator.make(f"/keys/{made['id']}/rotate", overlap="1h")
    with_store.until(lambda: answers(with_store, made["key"]) == answers(with_store, rotated["key"]) == {200})
    assert operator.ask("POST", f"/keys/{made['id']}/revoke", {"reason": "leaked"}).status == 200
    with_store.until(lambda: answers(with_store, made["key"]) == {401})
    assert answers(with_store, rotated["key"]) == {200}
    assert operator.ask("PATCH", "/consumers/acme", {"disabled": True}).status == 200
    with_store.until(lambda: answers(with_store, rotated["key"]) == {403})
    assert operator.ask("DELETE", "/consumers/acme").status == 204
    with_store.until(lambda: answers(with_store, rotated["key"]) == {401})
    written = str(with_store.log) + (with_store.folder / "access.log").read_text()
    assert made["key"] not in written
    assert rotated["key"] not in written
    operations = [each["message"] for each in with_store.log if each.get("logger") == "hotgate.audit"]
    assert operations == [
        *("create-consumer", "create-key", "change-key", "change-key", "rotate-key", "revoke-key"),
        *("change-consumer", "remove-consumer"),
    ]


def test_writers_at_once(with_store: Gateway) -> None:
    operator = Operator(with_store)
    operator.make("/consumers", name="acme")
    with ThreadPoolExecutor(8) as pool:
        same = list(
            pool.map(lambda tier: operator.ask("POST", "/consumers", {"name": "one", "tier": tier}), "abcdefgh")
        )
        made = list(pool.map(lambda _: operator.make("/keys", consumer="acme")["id"], range(40)))
        changes = list(
            pool.map(
                lambda number: operator.ask("PATCH", f"/keys/{made[0]}", {"metadata": {"number": number}}), range(20)
            )
        )
    assert {each.status for each in same} <= {201, 409}
    assert {each.status for each in changes} == {200}
    page = operator.ask("GET", "/keys?limit=1000").body
    assert sorted(each["id"] for each in page["items"]) == sorted(made)
    assert operator.ask("GET", f"/keys/{made[0]}").body["metadata"] in [{"number": number} for number in range(20)]


def test_what_was_answered_survives_a_kill_in_the_middle_of_writes(with_store: Gateway) -> None:
    operator = Operator(with_store)
    operator.make("/consumers", name="acme")
    promised: list[str] = []
    enough = threading.Event()

    def write() -> None:
        while True:
            try:
                promised.append(operator.make("/keys", consumer="acme", scopes=["orders:read"])["key"])
            except (OSError, http.client.HTTPException):
                return
            if len(promised) >= 10:
                enough.set()

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    assert enough.wait(DEADLINE)
    with_store.signal(signal.SIGKILL)
    for writer in writers:
        writer.join(DEADLINE)
    assert with_store.wait_for_exit() == -signal.SIGKILL
    with_store.start()
    page = operator.ask("GET", "/keys?limit=1000").body
    assert len(promised) <= len(page["items"]) <= len(promised) + len(writers)
    assert {each["state"] for each in page["items"]} == {"active"}
    with_store.until(lambda: {_status(with_store, key) for key in promised} == {200})


def test_without_a_store_records_cannot_be_kept(gateway: Gateway) -> None:
    gateway.start()
    refused = Operator(gateway).ask("POST", "/consumers", {"name": "acme"})
    assert (refused.status, refused.body["code"]) == (409, "no-store")
    gateway.write(more="store: {}")
    gateway.signal(signal.SIGHUP)
    gateway.wait_for_log("the configuration is in force")
    assert Operator(gateway).make("/consumers", name="acme")["name"] == "acme"


def test_a_database_that_is_down(gateway: Gateway) -> None:
    store = f'store: {{url: "postgresql://hotgate:secret-of-db@127.0.0.1:{free_port()}/hotgate", pepper: "{"p" * 32}"}}'
    gateway.write(more=store)
    gateway.start()
    for method, path, body in (("GET", "/keys", None), ("POST", "/consumers", {"name": "acme"})):
        refused = Operator(gateway).ask(method, path, body)
        assert (refused.status, refused.body["code"]) == (503, "store-unavailable")
        assert refused.fields["retry-after"]
    assert gateway.get() == (200, "one")
    assert Operator(gateway).ask("GET", "/status").status == 200
    assert "secret-of-db" not in str(gateway.log)
