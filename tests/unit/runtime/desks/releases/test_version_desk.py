"""Uses of versions, summed over workers; bounded, and gone with the version."""

import pytest

from hotgate.runtime.compiling.model import built_in_model
from hotgate.runtime.desks.releases import version_commands
from hotgate.runtime.desks.releases.version_desk import MAX_CALLERS, VersionDesk
from hotgate.testing.clock import FakeClock

_MODEL = built_in_model()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def desk(clock: FakeClock) -> VersionDesk:
    made = VersionDesk(clock)
    follow(made, "v1", "v2")
    return made


def follow(desk: VersionDesk, *versions: str) -> None:
    orders = {"default": versions[0], "versions": {name: {"deprecated": "2026-01-01T00:00:00Z"} for name in versions}}
    tree = {"listeners": [{"name": "web", "bind": "127.0.0.1:0"}], "apis": {"orders": orders}}
    desk.follow(_MODEL.model_validate(tree))


def report(desk: VersionDesk, version: str, **counts: int) -> None:
    desk.received({"uses": {f"orders {version}": counts}})


def test_workers_are_summed(desk: VersionDesk, clock: FakeClock) -> None:
    report(desk, "v1", acme=2, guests=1)
    clock.advance(60.0)
    report(desk, "v1", acme=3)
    first, second = desk.state()
    assert (first["requests"], first["callers"], first["is_default"]) == (6, 2, True)
    assert first["last_seen"] == clock()
    assert first["deprecated"] == 1_767_225_600.0
    assert (second["requests"], second["last_seen"]) == (0, None)
    callers = desk.callers("orders", "v1")
    assert callers is not None
    assert [(each["caller"], each["requests"]) for each in callers] == [("acme", 5), ("guests", 1)]


def test_who_has_not_come_for_longest_makes_room(desk: VersionDesk) -> None:
    report(desk, "v1", early=1)
    for start in range(0, MAX_CALLERS, 1000):
        report(desk, "v1", **{f"caller-{number}": 1 for number in range(start, start + 1000)})
    callers = desk.callers("orders", "v1")
    assert callers is not None
    assert len(callers) == MAX_CALLERS
    assert "early" not in {each["caller"] for each in callers}


def test_what_is_no_longer_configured_is_forgotten(desk: VersionDesk) -> None:
    report(desk, "v1", acme=1)
    report(desk, "v3", acme=1)
    follow(desk, "v2", "v3")
    assert desk.callers("orders", "v1") is None
    assert desk.callers("orders", "v3") == []


def test_commands(desk: VersionDesk) -> None:
    assert version_commands.answer(desk, {"type": "list_versions"})["versions"] == desk.state()
    asked = {"type": "list_version_callers", "api": "orders", "version": "v9"}
    assert version_commands.answer(desk, asked)["reason"].startswith("there is no such version;")
    assert version_commands.answer(desk, {**asked, "version": "v1"}) == {"reason": "", "callers": []}
