"""Checks in threads: right, wrong, unknown, and no more than can be served."""

import asyncio
import threading

import pytest

from hotgate.control.passwords import password_checks
from hotgate.control.passwords.password_checks import MAX_WAITING, PasswordChecks, TooManyChecks
from hotgate.identity.passwords.password_hash import hashed
from hotgate.policies.passwords.password_authenticator import WAIT

HASHES = {"ada": hashed("right")}


def test_the_right_password_of_that_name_only() -> None:
    async def answers() -> list[bool]:
        checks = PasswordChecks()
        asked = [("ada", "right"), ("ada", "wrong"), ("bob", "right"), ("bob", "")]
        found = [await checks.is_right(HASHES, name, password) for name, password in asked]
        checks.stop()
        return found

    assert asyncio.run(answers()) == [True, False, False, False]


def test_an_unknown_name_is_compared_with_a_hash_too(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []

    def is_correct(hash_: str, password: str) -> bool:
        compared.append(hash_)
        return True  # even by chance nobody gets in under a name that is not there

    monkeypatch.setattr(password_checks, "is_correct", is_correct)

    async def answers() -> list[bool]:
        checks = PasswordChecks()
        return [await checks.is_right(hashes, "bob", "x") for hashes in (HASHES, {})]

    assert asyncio.run(answers()) == [False, False]
    assert compared[0] == HASHES["ada"]
    assert compared[1].startswith("$argon2id$")


def test_names_that_are_not_there_take_as_long_as_those_of_all_kinds_that_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """If all were compared with one hash, a name that takes another time would be known to exist."""
    compared: dict[str, set[str]] = {}
    checks = PasswordChecks()
    monkeypatch.setattr(password_checks, "is_correct", lambda hash_, password: compared[password].add(hash_))
    names = [f"nobody{number}" for number in range(64)]

    async def answers() -> None:
        for name in names:
            compared[name] = set()
            for _ in range(2):
                await checks.is_right({"ada": "slow", "bob": "fast"}, name, name)

    asyncio.run(answers())
    checks.stop()
    assert all(len(hashes) == 1 for hashes in compared.values())
    assert set().union(*compared.values()) == {"slow", "fast"}


def test_what_nobody_waits_for_any_more_is_not_worked_on(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    monkeypatch.setattr(password_checks, "is_correct", lambda hash_, password: compared.append(password))
    moments = iter((100.0, 100.0 + WAIT))

    async def late() -> None:
        checks = PasswordChecks(clock=lambda: next(moments))
        with pytest.raises(TooManyChecks):
            await checks.is_right(HASHES, "ada", "right")
        checks.stop()

    asyncio.run(late())
    assert compared == []


def test_a_flood_waits_in_no_queue_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    may_end = threading.Event()
    monkeypatch.setattr(password_checks, "is_correct", lambda hash_, password: may_end.wait())

    async def flood() -> None:
        checks = PasswordChecks()
        waiting = [asyncio.create_task(checks.is_right(HASHES, "ada", "x")) for _ in range(MAX_WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(TooManyChecks):
            await checks.is_right(HASHES, "ada", "x")
        may_end.set()
        assert await asyncio.gather(*waiting) == [True] * MAX_WAITING
        assert await checks.is_right(HASHES, "ada", "x")
        checks.stop()

    asyncio.run(flood())
