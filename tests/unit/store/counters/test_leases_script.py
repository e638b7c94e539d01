"""The script of shared counters on a real server: it does what its model does, and survives what servers do."""

import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
from valkey.exceptions import ResponseError

from hotgate.store.counters.valkey_counters import SCRIPT
from unit.limits.shared.counter_model import ModelServer
from valkey_server import ValkeyServer, valkey_server

KEY = "hotgate:counters:{0}"
SCOPE = "s" * 11
GIVEN = {"refunded": 0, "spent": 0.0, "reset": False}


@pytest.fixture(scope="module")
def server() -> Iterator[ValkeyServer]:
    with valkey_server() as running:
        yield running


@pytest.fixture
def valkey(server: ValkeyServer) -> Iterator[Any]:
    with server.client() as client:
        client.flushall()
        yield client


class Caller:
    """A node as the script sees it."""

    def __init__(self, valkey: Any, node: str = "n", **head: Any) -> None:
        self._valkey = valkey
        self._head = {
            "node": node,
            "place": node,
            "seq": 0,
            "epoch": "",
            "latest": 1e12,
            "leapt": False,
            "vouched": 1e12,
            "weight": 1.0,
            "nodes": 0,
            "lease": 5.0,
            "opening": 0.0,
            "most": 1000,
            "trusted": True,
            "sweep": 0,
            **head,
        }

    def call(self, *asks: dict[str, Any], **head: Any) -> list[str]:
        """The answer as it came."""
        self._head["seq"] += 1
        self._head.update(head)
        self.sent = json.dumps(self._head), json.dumps(asks)
        answer = [str(part) for part in self._valkey.eval(SCRIPT, 1, KEY, *self.sent)]
        self._head["epoch"] = answer[1]
        return answer

    def ask(self, **ask: Any) -> tuple[int, int, int, float]:
        """Held, granted, remaining, seconds to wait."""
        held, granted, remaining, retry = self.call(asked(**ask))[5:]
        return int(held), int(granted), int(remaining), float(retry)


def asked(**ask: Any) -> dict[str, Any]:
    plain = {"scope": SCOPE, "key": "k" * 22, "kind": "bucket", "capacity": 100, "a": 0.001}
    return {**plain, "need": 1, "least": 1, "want": 0, "held": 0, "returned": 0, "debt": 0, **GIVEN, **ask}


def test_what_is_lent_and_what_is_spent_is_never_more_than_the_limit(valkey: Any) -> None:
    one, other = Caller(valkey, "one"), Caller(valkey, "other")
    assert one.ask(need=60)[1] == 60
    assert other.ask(need=60)[1] == 40  # what is left; the first who waits may pass
    held, granted, _, retry = one.ask(held=10)  # 50 are spent; 10 are still there, and all else is lent
    assert (held, granted) == (10, 0)
    assert retry == 1  # others hold tokens, and may give them back


def test_who_is_denied_by_a_window_waits_no_longer_than_for_what_leaves_it_next(valkey: Any) -> None:
    one, other = Caller(valkey, "one"), Caller(valkey, "other")
    one.ask(need=100, kind="window", a=0.9)
    one.ask(need=0, least=0, held=10, kind="window", a=0.9)  # others hold tokens, but more will be free before
    _, granted, _, retry = other.ask(need=10, kind="window", a=0.9)
    assert granted or 0 < retry < 1


@pytest.mark.parametrize("shape", [{"kind": "window", "a": 3600}, {"kind": "bucket", "a": 5 / 3600}])
def test_who_must_wait_for_what_is_spent_is_told_how_long_whatever_is_lent(valkey: Any, shape: dict[str, Any]) -> None:
    one, other = Caller(valkey, "one"), Caller(valkey, "other")
    one.ask(need=10, capacity=10, **shape)
    one.ask(need=0, least=0, held=5, capacity=10, **shape)  # five are spent
    _, granted, _, retry = other.ask(need=10, least=10, capacity=10, **shape)
    assert granted == 0
    assert retry == pytest.approx(3600, abs=60)


def test_what_is_given_back_can_be_lent_again(valkey: Any) -> None:
    one, other = Caller(valkey, "one"), Caller(valkey, "other")
    one.ask(need=100)
    one.ask(need=0, least=0, returned=30)
    assert other.ask(need=50)[1] == 30


def test_nobody_gives_back_more_than_he_was_lent(valkey: Any) -> None:
    one = Caller(valkey, "one")
    one.ask(need=20)
    one.ask(need=0, least=0, held=500, returned=500)
    assert one.ask(need=0, least=0, held=500)[0] == 20
    assert Caller(valkey, "other").ask(need=100)[1] == 80


def test_a_request_that_costs_more_than_is_left_takes_nothing(valkey: Any) -> None:
    one = Caller(valkey)
    one.ask(need=70)
    assert one.ask(need=50, least=50)[1] == 0
    assert one.ask(need=30, least=30)[1] == 30


def test_a_debt_is_waited_for(valkey: Any) -> None:
    one = Caller(valkey)
    _, granted, remaining, retry = one.ask(debt=150, a=1.0)
    assert (granted, remaining) == (0, -50)
    assert retry == pytest.approx(51, abs=1)


def test_what_was_spent_and_not_used_comes_back(valkey: Any) -> None:
    one = Caller(valkey)
    one.ask(need=100)
    one.ask(need=0, least=0)
    assert one.ask(need=100, refunded=40)[1] == 40


WINDOW = {"kind": "window", "a": 1000.0, "capacity": 100}


def test_a_window_takes_back_the_oldest_since_the_use_and_nothing_that_has_left_it(valkey: Any) -> None:
    one = Caller(valkey)
    began = float(one.call()[2])
    quick = {**WINDOW, "a": 0.2, "least": 100}
    assert one.ask(need=100, **quick)[1] == 100
    until_granted(one, need=100, **quick)  # a window later: what was lent before was spent, and has left
    one.ask(need=0, held=0, **{**quick, "least": 0})
    assert one.ask(need=0, refunded=50, spent=began, **{**quick, "least": 0})[2] == 0
    assert one.ask(need=0, refunded=50, spent=began + 1e6, **{**quick, "least": 0})[2] == 0
    time = float(one.call()[2]) - 0.1
    assert one.ask(need=0, refunded=50, spent=time, **{**quick, "least": 0})[2] >= 50


@pytest.mark.parametrize("when", ["another epoch", "before it began"])
def test_a_window_takes_back_nothing_of_another_time(valkey: Any, when: str) -> None:
    one = Caller(valkey)
    began = float(one.call()[2])
    one.ask(need=100, **WINDOW)
    one.ask(need=0, least=0, **WINDOW)
    if when == "another epoch":
        one.call(asked(need=0, least=0, refunded=40, spent=began + 0.001, **WINDOW), epoch="another")
    else:
        one.ask(need=0, least=0, refunded=40, spent=began - 0.001, **WINDOW)
    assert one.ask(need=0, least=0, **WINDOW)[2] == 0
    assert one.ask(need=0, least=0, refunded=40, spent=began + 0.001, **WINDOW)[2] == 40


@pytest.mark.parametrize("kind", ["bucket", "window"])
def test_a_reset_forgets_what_was_spent_but_not_what_is_lent(valkey: Any, kind: str) -> None:
    one, other, limit = Caller(valkey, "one"), Caller(valkey, "other"), {**WINDOW, "kind": kind, "a": 1000.0}
    limit["a"] = 0.001 if kind == "bucket" else 1000.0
    one.ask(need=60, **limit)
    other.ask(need=30, **limit)
    one.ask(need=0, least=0, **limit)
    assert one.ask(need=0, least=0, reset=True, debt=5, **limit)[2] == 65


def test_another_quota_keeps_what_was_used_in_a_window(valkey: Any) -> None:
    one = Caller(valkey)
    one.ask(need=80, **WINDOW)
    one.ask(need=0, least=0, **WINDOW)
    assert one.ask(need=0, least=0, **{**WINDOW, "capacity": 50})[2] == -30
    assert one.ask(need=0, least=0, **WINDOW)[2] == 20
    assert one.ask(need=0, least=0, **{**WINDOW, "a": 2000.0, "capacity": 1000})[2] == 200


def test_a_chunk_is_a_fiftieth_of_what_is_left_over_all_nodes(valkey: Any) -> None:
    one, other = Caller(valkey, "one"), Caller(valkey, "other")
    for _ in range(2):
        other.call()
        one.call()
    assert one.ask(capacity=100_000, need=0, least=0, want=65_536)[1] == 1000
    assert one.ask(capacity=10, key="x" * 22, need=1, want=65_536)[1] == 1  # nothing ahead of a small limit


def test_an_old_call_that_comes_late_changes_nothing(valkey: Any) -> None:
    one = Caller(valkey)
    one.ask(need=50)
    late = one.sent
    one.ask(need=0, least=0, held=50)
    assert valkey.eval(SCRIPT, 1, KEY, *late)[0] == "stale"
    assert Caller(valkey, "other").ask(need=100)[1] == 50


def test_a_lease_ends_by_the_servers_clock_and_counts_as_spent(valkey: Any) -> None:
    one = Caller(valkey, "one", lease=0.0)
    one.ask(need=60)
    other = Caller(valkey, "other")
    other.call()
    assert other.ask(need=0, least=0, want=0, debt=1)[2] == 39
    assert one.ask(held=60, need=0, least=0)[0] == 0


def test_a_sliding_window_forgets_what_has_left_it_and_no_earlier(valkey: Any) -> None:
    one = Caller(valkey)
    window = {"kind": "window", "a": 100.0}
    assert one.ask(need=100, **window)[1] == 100
    _, granted, _, retry = one.ask(**window)
    assert granted == 0
    assert 99 < retry <= 102
    assert one.ask(kind="window", a=1e-3, key="x" * 22, need=100)[1] == 100
    one.ask(kind="window", a=1e-3, key="x" * 22, need=0, least=0)
    until_granted(one, kind="window", a=1e-3, key="x" * 22, need=100, least=100)


def until_granted(caller: Caller, **ask: Any) -> None:
    while not caller.ask(**ask)[1]:
        pass


@pytest.mark.parametrize("how", ["flushed", "deleted", "restarted", "another primary", "clock"])
def test_what_the_server_does_not_remember_counts_as_spent(server: ValkeyServer, how: str) -> None:
    with server.client() as valkey:
        valkey.flushall()
        one = Caller(valkey, trusted=True)
        assert one.ask(need=1)[1] == 1
        if how == "flushed":
            valkey.flushall()
        elif how == "deleted":
            valkey.delete(KEY)
    if how == "restarted":
        server.kill()
        server.start()
    with server.client() as valkey:
        if how in {"another primary", "clock"}:
            damage(valkey, "run = 'x'" if how == "another primary" else "clock = all.clock + 1000")
        again = Caller(valkey, trusted=False)
        assert again.ask(need=100)[1] == 0
        assert again.ask(key="x" * 22, need=50, a=1e6)[1] == 50  # and flows in anew


def damage(valkey: Any, change: str) -> None:
    script = "local all = cmsgpack.unpack(redis.call('HGET', KEYS[1], 'm')) all.%s"
    store = " redis.call('HSET', KEYS[1], 'm', cmsgpack.pack(all))"
    valkey.eval(script % change + store, 1, KEY)


def test_leases_of_a_server_that_forgot_are_over_before_anything_flows(valkey: Any) -> None:
    one = Caller(valkey, trusted=False, opening=1000.0)
    _, granted, _, retry = one.ask(a=1e6)
    assert granted == 0
    assert retry == pytest.approx(1000, abs=1)


def test_a_clock_that_leaps_makes_no_tokens(valkey: Any) -> None:
    one = Caller(valkey)
    one.ask(need=100)
    one.ask(need=0, least=0)
    damage(valkey, "now = all.now - 1000 all.clock = all.clock - 1000")  # as if the clock were 1000 s ahead now
    assert one.ask(a=1.0, latest=0.0)[1] == 0
    assert one.call(leapt=True, trusted=False)[1] != one.sent[0]  # another beginning
    assert one.ask(a=0.001)[1] == 0


def test_what_no_script_wrote_is_forgotten_and_begins_from_nothing(valkey: Any) -> None:
    one = Caller(valkey, trusted=False)
    one.call()
    valkey.hset(KEY, "b" + SCOPE + "k" * 22, "no message")
    with pytest.raises(ResponseError, match="damaged"):
        one.ask()
    assert one.ask()[1] == 0
    assert one.ask(key="x" * 22, need=50, a=1e6)[1] == 50


def test_a_key_of_another_type_is_left_alone(valkey: Any) -> None:
    valkey.set(KEY, "somebody's")
    with pytest.raises(ResponseError, match="wrong kind"):
        Caller(valkey).call()
    assert valkey.get(KEY) == "somebody's"


def test_a_server_without_memory_lends_nothing(valkey: Any) -> None:
    valkey.config_set("maxmemory", "1")
    try:
        with pytest.raises(ResponseError, match="maxmemory"):
            Caller(valkey).ask()
    finally:
        valkey.config_set("maxmemory", "0")


def test_a_flood_of_keys_takes_no_more_room_and_makes_no_bucket_full(valkey: Any) -> None:
    flood = Caller(valkey, most=50)
    for number in range(300):
        flood.ask(key=f"{number:022}", need=60, held=0)
        flood.ask(key=f"{number:022}", need=0, least=0)
    assert valkey.hlen(KEY) <= 52
    assert flood.ask(key="new" * 7 + "n", need=100)[1] <= 40


def test_a_flood_of_keys_makes_no_window_empty_too_early(valkey: Any) -> None:
    flood = Caller(valkey, most=3)
    part = int(float(flood.call()[2]) / 10)
    plant(valkey, "n" + SCOPE, [part - 20, 5, part, 30])  # of somebody who was forgotten
    plant(valkey, "b" + SCOPE + "k" * 22, [part - 90, 80])
    assert flood.ask(key="x" * 22, need=100, **WINDOW)[1] == 20  # what a stranger may have
    assert parts(valkey, "n" + SCOPE) == [part - 90, 45, part - 20, 5, part, 30]


def plant(valkey: Any, field: str, used: list[int]) -> None:
    """A window, of which all is spent."""
    bucket = {"k": "window", "c": 100, "a": 1000, "s": sum(used[1::2]), "t": 0, "o": 0, "p": used, "l": {}}
    script = "redis.call('HSET', KEYS[1], ARGV[1], cmsgpack.pack(cjson.decode(ARGV[2])))"
    valkey.eval(script, 1, KEY, field, json.dumps(bucket))


def parts(valkey: Any, field: str) -> list[int]:
    """What a window remembers."""
    script = "return cjson.encode(cmsgpack.unpack(redis.call('HGET', KEYS[1], ARGV[1])).p)"
    return [int(figure) for figure in json.loads(valkey.eval(script, 1, KEY, field))]


def test_what_has_come_back_is_forgotten(valkey: Any) -> None:
    one = Caller(valkey)
    for number in range(50):
        one.ask(key=f"{number:022}", a=1e6)
        one.ask(key=f"{number:022}", a=1e6, need=0, least=0)
    one.call(sweep=100)
    assert valkey.hlen(KEY) == 1
    assert 39 * 86400 < valkey.ttl(KEY) <= 40 * 86400


def test_more_nodes_than_can_be_are_refused(valkey: Any) -> None:
    for number in range(64):
        caller = Caller(valkey, str(number))
        caller.call()
        caller.call()
    one_more = Caller(valkey, "one more")
    one_more.call()  # whose clock is not known yet counts for nothing
    with pytest.raises(ResponseError, match="too many nodes"):
        one_more.call()


@pytest.mark.parametrize("seed", range(6))
def test_it_does_what_its_model_does(valkey: Any, seed: int) -> None:
    """Random calls of three nodes, at the server's own pace: refill and ends of leases happen in between."""
    chance = random.Random(seed)
    nodes = 3 * (seed % 2)
    callers = [Caller(valkey, str(number), nodes=nodes, trusted=seed % 3 == 0) for number in range(3)]
    model: ModelServer | None = None
    for _ in range(300):
        now = float(valkey.time()[0]) + valkey.time()[1] / 1e6
        head = {
            "vouched": now + chance.choice([-1, 0.001, 0.01, 1]),
            "weight": chance.choice([0.0, 1 / 6, 1 / 3]),
            "latest": now + chance.choice([-1, 0.0001, 10]),
            "lease": chance.choice([0.001, 0.01, 5]),
        }
        caller = chance.choice(callers)
        if chance.random() < 0.05:
            head["epoch"] = "another"
        answer = caller.call(*(random_ask(chance, now) for _ in range(chance.choice([0, 1, 1, 3]))), **head)
        model = model or ModelServer(answer[1].partition(":")[0])
        expected = model.evaluate(float(answer[3]), *caller.sent)
        assert answer[:2] == [part.decode() for part in expected[:2]]
        assert [float(part) for part in answer[2:]] == pytest.approx([float(part) for part in expected[2:]], abs=1e-6)


def random_ask(chance: random.Random, now: float) -> dict[str, Any]:
    need = chance.choice([0, 1, 5, 40])
    ask = asked(
        key=f"{chance.randrange(3):022}",
        capacity=50,
        a=2000.0,
        need=need,
        least=min(need, chance.choice([1, 5])),
        want=chance.choice([0, 100]),
        held=chance.choice([0, 0, 3, 30]),
        returned=chance.choice([0, 2]),
        debt=chance.choice([0, 0, 0, 20]),
        refunded=chance.choice([0, 0, 4]),
        spent=now - chance.choice([0.0, 0.005, 0.015, 1.0]),
        reset=chance.random() < 0.03,
    )
    if chance.random() < 0.4:
        ask |= {"key": "w" * 22, "kind": "window", "a": chance.choice([0.02, 0.02, 0.03])}
    if chance.random() < 0.1:
        ask["capacity"] = 30
    return ask
