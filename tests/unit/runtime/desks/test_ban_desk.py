"""What several workers have seen is one attack; every worker hears of every ban, also one that comes later."""

from typing import Any, cast

import pytest

from hotgate.config.brute_force import BruteForce
from hotgate.limits.address_key import address_key
from hotgate.runtime.desks.ban_desk import BanDesk
from hotgate.runtime.workers.worker_handle import WorkerHandle
from hotgate.testing.clock import FakeClock

KEY = address_key("192.0.2.1")
SETTINGS = BruteForce.model_validate({"window": "100s", "ban_after": 10, "ban": "1m"})


class Heard:
    """A worker that only listens."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def send(self, message: dict[str, Any]) -> None:
        self.messages.append(message)


class Desk:
    def __init__(self, settings: BruteForce = SETTINGS) -> None:
        self.clock = FakeClock()
        self.told: list[dict[str, Any]] = []
        self.desk = BanDesk(self.clock, self.told.append)
        self.desk.follow(settings)

    def report(self, counts: dict[str, int] | None = None, bans: dict[str, float] | None = None) -> None:
        self.desk.received({"type": "failures", "counts": counts or {}, "bans": bans or {}})

    def connected(self) -> list[dict[str, Any]]:
        worker = Heard()
        self.desk.hello(cast(WorkerHandle, worker))
        return worker.messages


def test_failures_of_all_workers_are_summed() -> None:
    desk = Desk()
    desk.report({KEY: 5})
    assert desk.told == []
    desk.report({KEY: 5})
    assert desk.told == [{"type": "bans", "bans": {KEY: 60.0}}]


def test_a_ban_of_one_worker_is_told_to_all_once() -> None:
    desk = Desk()
    desk.report({KEY: 10}, {KEY: 59.0})
    desk.report({}, {KEY: 59.0})
    assert desk.told == [{"type": "bans", "bans": {KEY: 59.0}}]


def test_a_worker_that_connects_hears_of_every_ban_with_the_time_that_is_left() -> None:
    desk = Desk()
    assert desk.connected() == []
    desk.report({}, {KEY: 60.0})
    desk.clock.advance(20.0)
    assert desk.connected() == [{"type": "bans", "bans": {KEY: 40.0}}]


def test_bans_end_and_are_shown_to_operators() -> None:
    desk = Desk()
    desk.report({KEY: 10})
    assert desk.desk.state() == {"active": 1, "bans": [{"address": "192.0.2.1", "seconds": 60}]}
    desk.clock.advance(60.0)
    desk.desk.tick()
    assert desk.desk.state() == {"active": 0, "bans": []}
    assert desk.connected() == []


def test_a_lifted_ban_is_lifted_everywhere() -> None:
    desk = Desk()
    desk.report({KEY: 10})
    assert desk.desk.lift("192.0.2.1")
    assert desk.told[-1] == {"type": "bans", "bans": {KEY: 0.0}}
    assert desk.connected() == []
    assert not desk.desk.lift("192.0.2.1")


@pytest.mark.parametrize("written", ["2001:db8::7", "2001:db8::/64", "2001:0DB8:0:0::"])
def test_a_network_is_lifted_by_any_of_its_names(written: str) -> None:
    desk = Desk()
    desk.report({address_key("2001:db8::1"): 10})
    assert desk.desk.state()["bans"][0]["address"] == "2001:db8::/64"
    assert not desk.desk.lift("2001:db8:0:1::/64")
    assert desk.desk.lift(written)


def test_slow_failures_ban_nobody() -> None:
    desk = Desk()
    for _ in range(100):
        desk.report({KEY: 1})
        desk.clock.advance(10.0)
    assert desk.told == []


def test_settings_that_are_switched_off_ban_nobody() -> None:
    desk = Desk(BruteForce(enabled=False))
    desk.report({KEY: 1000})
    assert desk.told == []


def test_a_new_configuration_ends_what_it_would_not_have() -> None:
    desk = Desk()
    desk.report({KEY: 10})
    desk.desk.follow(SETTINGS.model_copy(update={"exempt": ("192.0.2.0/24",)}))
    assert desk.connected() == []


@pytest.mark.parametrize(
    "message", [{}, {"counts": [1], "bans": {}}, {"counts": {}, "bans": "x"}, {"counts": {"a": "x"}, "bans": {}}]
)
def test_nonsense_is_refused(message: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Desk().desk.received(message)
