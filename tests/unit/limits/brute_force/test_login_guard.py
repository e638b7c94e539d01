"""One worker's view: whose failures count, who waits, who is banned, and what is told to the control process."""

import logging

import pytest

from hotgate.config.brute_force import BruteForce
from hotgate.limits.address_key import address_key
from hotgate.limits.brute_force import bans, login_guard
from hotgate.limits.brute_force.login_guard import MAX_REPORTED, MAX_UNREPORTED, LoginGuard

CLIENT = "192.0.2.1"
KEY = address_key(CLIENT)
SETTINGS = BruteForce.model_validate(
    {"window": "100s", "delay_after": 3, "ban_after": 10, "ban": "1m", "exempt": ["198.51.100.0/24"]}
)


def guard_with(settings: BruteForce = SETTINGS) -> LoginGuard:
    guard = LoginGuard()
    guard.follow(settings)
    return guard


def fail(guard: LoginGuard, times: int, client: str = CLIENT, credential: str = "") -> list[float]:
    return [guard.failed(client, credential) for _ in range(times)]


def test_failures_are_answered_later_and_later_and_then_the_address_is_banned() -> None:
    guard = guard_with()
    assert fail(guard, 9) == [0, 0, 0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5]
    assert not guard.bans
    fail(guard, 1)
    assert guard.bans == {KEY: 60.0}


def test_a_delay_never_exceeds_five_seconds() -> None:
    guard = guard_with(BruteForce(ban_after=1000, delay_after=0))
    assert max(fail(guard, 100)) == 5.0


def test_a_ban_ends_and_counting_begins_anew() -> None:
    guard = guard_with()
    fail(guard, 10)
    guard.tick(59.9)
    assert guard.bans
    guard.tick(60.0)
    assert not guard.bans
    assert fail(guard, 1) == [0]


def test_slow_failures_are_forgotten_one_by_one() -> None:
    guard = guard_with()
    for second in range(0, 1000, 10):
        guard.tick(float(second))
        assert fail(guard, 1) == [0]


def test_all_addresses_of_a_64_are_one_client() -> None:
    guard = guard_with()
    for number in range(10):
        fail(guard, 1, f"2001:db8::{number:x}")
    assert list(guard.bans) == [address_key("2001:db8::ffff")]


@pytest.mark.parametrize("client", ["unix", "", "198.51.100.7", "::ffff:198.51.100.7"])
def test_who_is_exempt_or_cannot_be_told_apart_does_not_count(client: str) -> None:
    assert not guard_with().counts(client)


@pytest.mark.parametrize("client", ["127.0.0.1", "127.9.9.9", "::1"])
def test_the_machine_itself_is_exempt_unless_said_otherwise(client: str) -> None:
    assert not guard_with(BruteForce()).counts(client)
    assert guard_with(BruteForce(exempt=())).counts(client)


def test_nothing_counts_when_it_is_switched_off() -> None:
    guard = guard_with()
    fail(guard, 10)
    guard.follow(BruteForce(enabled=False))
    assert not guard.counts(CLIENT)
    assert not guard.bans
    assert guard.report() is None or not guard.report()


def test_one_credential_from_many_addresses_makes_failures_slow_but_bans_nobody() -> None:
    guard = guard_with()
    delays = [guard.failed(f"192.0.2.{number}", "key abc") for number in range(1, 100)]
    assert delays[-1] == 5.0
    assert not guard.bans
    assert guard.failed("192.0.2.200", "key of somebody else") == 0


def test_a_ban_is_one_security_event(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, logger="hotgate.security"):
        fail(guard_with(), 15)
    assert [record.message for record in caplog.records] == ["address-banned"]


# --- what the control process is told, and says


def test_failures_and_bans_are_reported_once() -> None:
    guard = guard_with()
    fail(guard, 10)
    assert guard.report() == {"type": "failures", "counts": {KEY: 10}, "bans": {KEY: 60.0}}
    assert guard.report() is None


def test_a_new_control_process_is_told_of_every_ban_again() -> None:
    guard = guard_with()
    fail(guard, 10)
    guard.report()
    guard.tick(20.0)
    guard.authority_found()
    assert guard.report() == {"type": "failures", "counts": {}, "bans": {KEY: 40.0}}


def test_reports_are_bounded_and_nothing_that_fits_is_lost() -> None:
    guard = guard_with()
    for number in range(MAX_UNREPORTED + 5):
        guard.failed(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}", "")
    sizes = []
    while (report := guard.report()) is not None:
        sizes.append(len(report["counts"]))
    assert sizes == [MAX_REPORTED] * (MAX_UNREPORTED // MAX_REPORTED)


def test_bans_that_nobody_can_be_told_of_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bans, "MAX_BANS", 5)
    monkeypatch.setattr(login_guard, "MAX_BANS", 5)
    guard = guard_with(BruteForce(ban_after=1, delay_after=0))
    for number in range(20):
        guard.failed(f"192.0.2.{number}", "")
        guard.authority_found()
    assert len(guard._untold) == 5
    report = guard.report()
    assert report is not None
    assert report["bans"] == dict(guard.bans.remaining(0.0))


def test_what_the_control_process_says_is_obeyed() -> None:
    guard = guard_with()
    guard.tick(100.0)
    guard.hear({KEY: 30.0})
    assert guard.bans == {KEY: 130.0}
    guard.hear({KEY: 0.0})
    assert not guard.bans


def test_a_ban_that_is_heard_before_the_configuration_holds() -> None:
    guard = LoginGuard()
    guard.hear({address_key("127.0.0.1"): 30.0, address_key("198.51.100.7"): 30.0})
    guard.follow(SETTINGS)
    assert list(guard.bans) == [address_key("127.0.0.1")]


@pytest.mark.parametrize("nonsense", [[1], "text", {"a": "x"}, {"a": None}, 5])
def test_nonsense_is_refused(nonsense: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        guard_with().hear(nonsense)  # type: ignore[arg-type]
