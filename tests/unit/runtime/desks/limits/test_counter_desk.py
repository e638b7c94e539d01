"""The desk between workers and the counter store: when it asks, and what it makes of a store that fails or lies."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from hotgate.limits.limit import Limit
from hotgate.limits.shared.shared_lease_client import SharedLeaseClient
from hotgate.limits.shared.terms import PARTITIONS, Terms
from hotgate.runtime.desks.limits.counter_desk import CounterDesk
from hotgate.runtime.desks.limits.lease_desk import LeaseDesk
from hotgate.store.counters.valkey_counters import ValkeyCounters
from hotgate.store.errors import StoreUnavailable
from hotgate.store.valkey_connection import Servers
from unit.limits.shared.counter_model import ModelServer
from valkey_server import PASSWORD
from valkey_servers import Server, cluster_of_three, watched_pair

if TYPE_CHECKING:
    from hotgate.runtime.workers.worker_handle import WorkerHandle

Message = dict[str, Any]
LIMIT = Limit("route/r", quota=100, window=60)


class Store:
    """A server in this process. says: makes another answer of its own, or raises."""

    def __init__(self) -> None:
        self._partitions: dict[int, ModelServer] = {}
        self.says: Callable[[list[bytes]], Any] = lambda answer: answer
        self.calls: list[tuple[Message, list[Message]]] = []
        self.is_closed = False

    async def call(self, partition: int, head: str, asks: str) -> Any:
        await asyncio.sleep(0)
        self.calls.append((json.loads(head), json.loads(asks)))
        server = self._partitions.setdefault(partition, ModelServer("run"))
        return self.says(server.evaluate(time.time(), head, asks))

    async def close(self) -> None:
        self.is_closed = True


class Node:
    """A desk and one worker."""

    def __init__(self, store: Any, **terms: Any) -> None:
        self.store = store
        local = LeaseDesk(time.monotonic, self._broadcast, [])
        terms = {"place": "here", "trusted": True, **terms}
        self.desk = CounterDesk(Terms(**terms), store, time.monotonic, self._broadcast, [], local)
        handle = SimpleNamespace(process=SimpleNamespace(pid=7), send=self._hear, send_soon=self._hear)
        self.worker = cast("WorkerHandle", handle)
        self.client = SharedLeaseClient(self._say, time.monotonic)
        self.heard: list[str] = []
        self.desk.received(self.worker, {"type": "hello", "limits": self.client.authority_found()})

    def _say(self, message: Message) -> None:
        self.desk.received(self.worker, message)

    def _broadcast(self, message: Message) -> None:
        self._hear(message)

    def _hear(self, message: Message) -> None:
        self.heard.append(message["type"])
        if message["type"] == "counters_lost":
            self.client.authority_lost()
        elif message["type"] == "counters_found":
            self._say(self.client.authority_found())
        else:
            self.client.on_message(message)

    async def asks(self, key: str = "alice") -> bool | None:
        """Whether a request passes; None if nobody knows."""
        outcome = self.client.spend(LIMIT, key)
        decision = await outcome if isinstance(outcome, asyncio.Future) else outcome
        return None if decision is None else bool(decision.allowed)  # type: ignore[union-attr]

    async def until(self, condition: Callable[[], object]) -> None:
        while not condition():
            self.desk.tick()
            await asyncio.sleep(0.001)


def play(script: Callable[[Node], Awaitable[None]], **terms: Any) -> None:
    async def run() -> None:
        node = Node(Store(), **terms)
        await script(node)
        await node.desk.stop()
        assert node.store.is_closed

    asyncio.run(run())


def unavailable(_: object) -> Any:
    raise StoreUnavailable("Valkey does not answer: ConnectionError")


def test_a_hundred_pass_and_no_more() -> None:
    async def script(node: Node) -> None:
        passed = [await node.asks() for _ in range(130)]
        assert passed.count(True) in {100, 101}  # a token may have come back meanwhile
        assert len(node.store.calls) < 110  # and denials are believed for a while

    play(script)


def test_what_is_asked_in_the_moment_a_conversation_ends_is_asked() -> None:
    async def script(node: Node) -> None:
        for number in range(300):
            assert await asyncio.wait_for(node.asks(f"caller {number}"), 0.9)

    play(script)


def test_many_who_ask_at_once_share_a_few_calls() -> None:
    async def script(node: Node) -> None:
        assert all(await asyncio.gather(*(node.asks(f"caller {number}") for number in range(500))))
        assert len(node.store.calls) < 100

    play(script)


def test_a_store_that_is_lost_closes_limits_at_once_and_opens_them_when_it_is_back() -> None:
    async def script(node: Node) -> None:
        assert await node.asks()
        node.store.says = unavailable
        await node.until(lambda: node.desk.is_lost)
        assert await node.asks("bob") is None
        assert node.desk.state()["failure"] == "Valkey does not answer: ConnectionError"
        node.store.says = lambda answer: answer
        await node.until(lambda: not node.desk.is_lost)
        assert await node.asks("bob")
        assert node.desk.state()["failure"] == ""
        assert node.desk.state()["losses"] == 1

    play(script)


def test_open_means_open_and_only_while_the_store_is_lost() -> None:
    async def script(node: Node) -> None:
        node.store.says = unavailable
        await node.until(lambda: node.desk.is_lost)
        assert all([await node.asks() for _ in range(300)])
        node.store.says = lambda answer: answer
        await node.until(lambda: not node.desk.is_lost)
        assert [await node.asks() for _ in range(110)].count(True) <= 101

    play(script, when_lost="open")


def test_a_worker_that_comes_while_the_store_is_lost_is_told() -> None:
    async def script(node: Node) -> None:
        node.store.says = unavailable
        await node.until(lambda: node.desk.is_lost)
        node.heard.clear()
        node.desk.received(node.worker, {"type": "hello", "limits": node.client.authority_found()})
        assert "counters_lost" in node.heard
        assert await node.asks() is None

    play(script)


@pytest.mark.parametrize(
    "lie",
    [
        lambda answer: None,
        lambda answer: b"OK",
        lambda answer: answer[:3],
        lambda answer: [b"stale", *answer[1:]],
        lambda answer: [*answer[:5], b"0", b"1000000", b"5", b"0"] if len(answer) > 5 else answer,
        lambda answer: [*answer[:5], b"0", b"-1", b"5", b"0"] if len(answer) > 5 else answer,
        lambda answer: [*answer[:2], b"nan", *answer[3:]],
        lambda answer: [*answer[:2], b"one", *answer[3:]],
        lambda answer: [b"\xff", *answer[1:]],
    ],
)
def test_a_store_that_lies_lends_nothing(lie: Callable[[list[bytes]], Any]) -> None:
    async def script(node: Node) -> None:
        node.store.says = lie
        asked = asyncio.ensure_future(node.asks())
        await node.until(lambda: node.desk.state()["failures"] >= 2)
        node.desk.received(node.worker, {"type": "hello", "limits": node.client.authority_found()})
        assert not await asked

    play(script)


def test_a_driver_that_fails_in_its_own_way_is_a_store_that_is_lost() -> None:
    def broken(_: object) -> Any:
        raise RuntimeError

    async def script(node: Node) -> None:
        node.store.says = broken
        await node.until(lambda: node.desk.is_lost)
        assert await node.asks() is None
        node.store.says = lambda answer: answer
        await node.until(lambda: not node.desk.is_lost)
        assert await node.asks()

    play(script)


def test_who_leaves_says_so_and_keeps_no_part_of_the_rates() -> None:
    async def script(node: Node) -> None:
        await node.asks()
        node.desk.gone(node.worker)
        await node.desk.stop()
        last = node.store.calls[-1][0]
        assert last["vouched"] == 1e15
        assert last["weight"] == pytest.approx(1 / 3)

    play(script, when_lost="share", nodes=3)


def test_another_server_is_asked_after_a_change_of_the_configuration() -> None:
    async def script(node: Node) -> None:
        before, node.store = node.store, Store()
        await node.desk.use(node.store)
        assert before.is_closed
        assert await node.asks()
        assert node.store.calls

    play(script)


def test_another_reason_after_a_change_of_the_configuration_is_told(caplog: pytest.LogCaptureFixture) -> None:
    def wrong_password(_: object) -> Any:
        raise StoreUnavailable("Valkey does not answer: AuthenticationError")

    async def script(node: Node) -> None:
        node.store.says = unavailable
        await node.until(lambda: node.desk.is_lost)
        node.store = Store()
        node.store.says = wrong_password
        await node.desk.use(node.store)
        await node.until(lambda: node.desk.state()["failure"])
        assert "still lost (Valkey does not answer: AuthenticationError)" in caplog.text
        assert node.desk.state()["failure"] == "Valkey does not answer: AuthenticationError"

    play(script)


def allow_no_more_than_documented(server: Server, *, is_cluster: bool = False) -> None:
    """The user `gateway`, as the page has it."""
    page = (Path(__file__).parents[5] / "docs/limits/cluster.md").read_text()
    rules = re.search(r"^ACL SETUSER gateway on >… (.+)$", page, re.MULTILINE)[1]  # type: ignore[index]
    more = re.search(r"^\(`([^`]+)` besides for a cluster", page, re.MULTILINE)[1]  # type: ignore[index]
    words = [*rules.split(), *(more.split() if is_cluster else ())]
    with server.client as client:
        client.execute_command("ACL", "SETUSER", "gateway", "on", f">{PASSWORD}", *words)


def test_limits_are_shared_over_a_cluster_of_three() -> None:
    async def run() -> None:
        with cluster_of_three() as servers:
            for server in servers:
                allow_no_more_than_documented(server, is_cluster=True)
            url = f"valkey://gateway:{PASSWORD}@127.0.0.1:{servers[0].port}/0"
            nodes = [
                Node(ValkeyCounters(Servers(url, is_cluster=True), "hotgate"), place=place)
                for place in ("one", "other")
            ]
            for key in ("alice", "bob", "carol", "dave"):
                passed = [await node.asks(key) for _ in range(70) for node in nodes]
                assert 98 <= passed.count(True) <= 103
            for node in nodes:
                await node.desk.stop()

    asyncio.run(run())


def test_a_cluster_of_which_no_node_answers_is_lost() -> None:
    async def run() -> None:
        node = Node(ValkeyCounters(Servers("valkey://127.0.0.1:1/0", is_cluster=True), "t"))
        await node.until(lambda: node.desk.is_lost)
        assert "RedisClusterException" in node.desk.state()["failure"]
        await node.desk.stop()

    asyncio.run(run())


def test_another_primary_forgets_nothing_that_was_spent() -> None:
    async def run() -> None:
        with watched_pair() as (primary, replica, sentinel):
            for server in (primary, replica):
                allow_no_more_than_documented(server)
            servers = Servers(f"valkey://gateway:{PASSWORD}@main/0", sentinels=(("127.0.0.1", sentinel.port),))
            node = Node(ValkeyCounters(servers, "hotgate"), trusted=False)
            await node.until(lambda: node.desk.state()["partitions"] == PARTITIONS)
            primary.kill()
            await node.until(lambda: node.desk.state()["new_beginnings"] and not node.desk.is_lost)
            assert await node.asks() is False
            await node.desk.stop()

    asyncio.run(run())
