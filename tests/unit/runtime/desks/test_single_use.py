import asyncio
from typing import Any

import pytest

from hotgate.runtime.desks import single_use as module
from hotgate.runtime.desks.single_use import SingleUse
from hotgate.store.errors import StoreUnavailable


class FakeStore:
    """claims: what was asked. is_first: what it answers; None: it cannot be asked."""

    def __init__(self) -> None:
        self.claims: list[str] = []
        self.is_first: bool | None = True

    async def claim(self, provider: str, jti: str, expires: float) -> bool:
        self.claims.append(jti)
        await asyncio.sleep(0)
        if self.is_first is None:
            raise StoreUnavailable("down")
        return self.is_first


class Scene:
    def __init__(self, store: Any = None) -> None:
        self.now = 100.0
        self.single_use = SingleUse(lambda: store, lambda: self.now)

    def claim(self, jti: str, provider: str = "corp", expires: float = 200.0) -> bool:
        return asyncio.run(self.single_use.claim({"provider": provider, "jti": jti, "expires": expires}))


def test_a_token_is_good_once() -> None:
    scene = Scene()
    assert [scene.claim("t1"), scene.claim("t1"), scene.claim("t2")] == [True, False, True]
    assert [scene.claim("1t", "corpt"), scene.claim("t1", "other")] == [True, True]


def test_one_that_has_expired_is_forgotten() -> None:
    scene = Scene()
    assert scene.claim("t1", expires=150.0)
    scene.now = 151.0
    assert scene.claim("t1")


def test_without_room_nobody_gets_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CLAIMS", 2)
    scene = Scene()
    assert [scene.claim(jti) for jti in ("t1", "t2", "t3")] == [True, True, False]
    scene.now = 201.0
    assert scene.claim("t3", expires=300.0)


def test_the_store_knows_of_other_nodes() -> None:
    store = FakeStore()
    scene = Scene(store)
    assert scene.claim("t1")
    assert not scene.claim("t1")
    store.is_first = False
    assert not scene.claim("t2")
    assert store.claims == ["t1", "t2"]  # what is known here need not be asked there


def test_without_an_answer_of_the_store_nobody_gets_in() -> None:
    store = FakeStore()
    store.is_first = None
    scene = Scene(store)
    with pytest.raises(StoreUnavailable):
        scene.claim("t1")
    store.is_first = True
    assert [scene.claim("t1"), scene.claim("t1")] == [True, False]  # the client was told to try again


def test_what_was_used_before_there_was_a_store_stays_used() -> None:
    """A reload that adds one, which knows nothing of it: the memory of the control process is asked first."""
    store = FakeStore()
    stores: list[Any] = [None, store]
    single_use = SingleUse(lambda: stores.pop(0), lambda: 100.0)
    body = {"provider": "corp", "jti": "t1", "expires": 200.0}
    assert [asyncio.run(single_use.claim(body)) for _ in range(2)] == [True, False]
    assert store.claims == []


def test_a_claim_whose_answer_is_lost_uses_the_token_up() -> None:
    """The store wrote it, and was gone before it could say so: the client is refused, then and later."""
    store = FakeStore()
    scene = Scene(store)
    store.is_first = None
    with pytest.raises(StoreUnavailable):
        scene.claim("t1")
    store.is_first = False
    assert not scene.claim("t1")


def test_of_two_at_once_one_is_first_even_if_the_store_is_taken_away_meanwhile() -> None:
    """A reload without `store`, while it is being asked."""
    stores: list[Any] = [FakeStore(), None]
    single_use = SingleUse(lambda: stores.pop(0), lambda: 100.0)
    body = {"provider": "corp", "jti": "t1", "expires": 200.0}

    async def both() -> list[bool]:
        return list(await asyncio.gather(single_use.claim(body), single_use.claim(body)))

    assert sorted(asyncio.run(both())) == [False, True]


@pytest.mark.parametrize("body", [{}, {"provider": "corp", "jti": "t"}, {"provider": "c", "jti": "t", "expires": "x"}])
def test_nonsense_is_an_error(body: dict[str, str]) -> None:
    with pytest.raises((KeyError, ValueError)):
        asyncio.run(Scene().single_use.claim(body))


def test_to_look_at_a_token_uses_nothing() -> None:
    scene = Scene()
    body = {"provider": "corp", "jti": "t1"}

    def look() -> bool:
        return asyncio.run(scene.single_use.look(body))

    assert [look(), look(), scene.claim("t1"), look()] == [True, True, True, False]


def test_what_another_node_has_used_is_seen_in_the_store() -> None:
    class Store(FakeStore):
        async def was_claimed(self, provider: str, jti: str) -> bool:
            return jti == "elsewhere"

    store = Store()
    look = Scene(store).single_use.look
    assert [asyncio.run(look({"provider": "corp", "jti": jti})) for jti in ("elsewhere", "t1")] == [False, True]
    assert store.claims == []
