"""Asking for fresher keys: bounded in time, once for all who wait, and not at the pace of an attacker."""

import asyncio

import pytest

from hotgate.identity.verification_keys.key_set import InvalidKeySet
from hotgate.identity.verification_keys.key_sets import MAX_WAITING, REFRESH_INTERVAL, KeySets, key_set_name
from hotgate.testing.issuer import Issuer

ISSUER = Issuer()


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_set_is_the_same_object_for_ever() -> None:
    key_sets = KeySets()
    key_set = key_sets.get("corp")
    key_sets.replace("corp", ISSUER.jwks())
    assert key_sets.get("corp") is key_set
    assert key_set.is_loaded
    with pytest.raises(InvalidKeySet):
        key_sets.replace("corp", {"keys": []})
    assert key_set.is_loaded


def test_a_provider_that_moves_gets_another_set() -> None:
    assert key_set_name("corp", "https://a/jwks") != key_set_name("corp", "https://b/jwks")
    assert "secret" not in key_set_name("corp", "https://a/jwks?secret")


async def _refresh_together() -> tuple[int, bool]:
    asked = []
    answered = asyncio.Event()
    key_sets = KeySets(Clock())

    async def request_refresh(name: str) -> None:
        asked.append(name)
        await answered.wait()
        key_sets.replace(name, ISSUER.jwks())

    key_sets.request_refresh = request_refresh
    waiting = [asyncio.create_task(key_sets.refresh("corp")) for _ in range(5)]
    await asyncio.sleep(0)
    waiting[0].cancel()
    answered.set()
    await asyncio.gather(*waiting[1:])
    return len(asked), key_sets.get("corp").is_loaded


def test_all_who_wait_share_one_question_and_one_that_goes_away_does_not_end_it() -> None:
    assert asyncio.run(_refresh_together()) == (1, True)


def test_the_next_question_has_to_wait() -> None:
    clock = Clock()
    key_sets = KeySets(clock)
    assert key_sets.may_refresh("corp")
    asyncio.run(key_sets.refresh("corp"))
    assert not key_sets.may_refresh("corp")
    assert key_sets.may_refresh("partners")
    clock.now = REFRESH_INTERVAL
    assert key_sets.may_refresh("corp")


async def _crowd() -> bool:
    key_sets = KeySets(Clock())
    answered = asyncio.Event()

    async def request_refresh(name: str) -> None:
        await answered.wait()

    key_sets.request_refresh = request_refresh
    waiting = [asyncio.create_task(key_sets.refresh("corp")) for _ in range(MAX_WAITING)]
    await asyncio.sleep(0)
    may_refresh = key_sets.may_refresh("corp")
    answered.set()
    await asyncio.gather(*waiting)
    return may_refresh


def test_the_number_of_those_who_wait_is_bounded() -> None:
    assert asyncio.run(_crowd()) is False


@pytest.mark.parametrize("error", [ConnectionResetError(), TimeoutError()])
def test_a_control_process_that_is_gone_is_no_error(error: Exception) -> None:
    key_sets = KeySets(Clock())

    async def request_refresh(name: str) -> None:
        raise error

    key_sets.request_refresh = request_refresh
    asyncio.run(key_sets.refresh("corp"))
    assert not key_sets.get("corp").is_loaded


def test_no_answer_ends_the_wait() -> None:
    key_sets = KeySets(Clock(), wait=0.0)

    async def request_refresh(name: str) -> None:
        await asyncio.Event().wait()

    key_sets.request_refresh = request_refresh
    asyncio.run(key_sets.refresh("corp"))
