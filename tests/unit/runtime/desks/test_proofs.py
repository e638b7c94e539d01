"""The desk of proofs: nonces for all workers, and claims of proofs."""

import asyncio
from typing import Any

import pytest

from hotgate.identity.dpop.proof import MARGIN, MAX_AGE, MAX_AHEAD
from hotgate.identity.dpop.server_nonces import ServerNonces
from hotgate.runtime.desks import proofs as module
from hotgate.runtime.desks.proofs import NONCE_PERIOD, Proofs
from hotgate.testing.clock import FakeClock

WALL = 1_800_000_000.0


class Scene:
    def __init__(self, *, has_predecessor: bool = False) -> None:
        self.clock = FakeClock()
        self.sent: list[dict[str, Any]] = []
        self.proofs = Proofs(
            self.sent.append, self.clock, lambda: WALL + self.clock.now, has_predecessor=has_predecessor
        )

    @property
    def nonces(self) -> ServerNonces:
        return ServerNonces.from_message(self.proofs.message)

    def claim(self, *identities: str, holder: str = "aa", epoch: str = "") -> list[str]:
        claims = [[holder, identity, int(WALL + self.clock.now) + 70] for identity in identities]
        body = {"epoch": epoch or self.nonces.epoch, "claims": claims}
        return [str(verdict) for verdict in asyncio.run(self.proofs.claim(body))]


def test_a_proof_is_good_once() -> None:
    scene = Scene()
    assert scene.claim("01", "02", "01") == ["first", "first", "used"]
    assert scene.claim("02", "03") == ["used", "first"]


def test_nonces_follow_one_another_and_overlap() -> None:
    scene = Scene()
    first = scene.nonces.newest
    scene.proofs.tick()
    assert scene.sent == []
    scene.clock.advance(NONCE_PERIOD)
    scene.proofs.tick()
    second = scene.nonces.newest
    assert scene.nonces.accepted == {first, second}
    assert scene.sent == [scene.proofs.message]
    scene.clock.advance(NONCE_PERIOD)
    scene.proofs.tick()
    assert first not in scene.nonces.accepted
    assert second in scene.nonces.accepted
    assert len(scene.nonces.accepted) == 2


def test_nonces_cannot_be_guessed_and_are_of_one_process_alone() -> None:
    scenes = [Scene() for _ in range(50)]
    assert len({scene.nonces.newest for scene in scenes}) == len({scene.nonces.epoch for scene in scenes}) == 50
    assert all(len(scene.nonces.newest) == 22 for scene in scenes)  # 128 bits


def test_what_was_judged_by_the_word_of_another_process_is_not_claimed() -> None:
    with pytest.raises(ValueError, match="before this control process"):
        Scene().claim("01", epoch=Scene().nonces.epoch)


def test_a_successor_waits_until_it_is_alone() -> None:
    scene = Scene(has_predecessor=True)
    assert scene.nonces.since is None
    scene.clock.advance(3.0)
    scene.proofs.alone()
    assert scene.nonces.since == WALL + scene.clock.now
    assert scene.sent == [scene.proofs.message]


def test_a_flood_of_one_subject_leaves_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_PROOFS", 4)
    monkeypatch.setattr(module, "_SHARE", 2)
    scene = Scene()
    assert scene.claim("01", "02", "03") == ["first", "first", "full"]
    assert scene.claim("04", holder="bb") == ["first"]


def test_ten_thousand_a_second_have_room() -> None:
    assert module.MAX_PROOFS >= 10_000 * (MAX_AGE + MAX_AHEAD + MARGIN)


@pytest.mark.parametrize("claims", [None, [["aa"]], [["aa", "zz", 1]], [["aa", "01", "soon"]]])
def test_nonsense_is_an_error(claims: Any) -> None:
    scene = Scene()
    with pytest.raises((TypeError, ValueError)):
        asyncio.run(scene.proofs.claim({"epoch": scene.nonces.epoch, "claims": claims}))


def test_to_look_at_a_proof_uses_nothing() -> None:
    scene = Scene()

    def look() -> bool:
        return asyncio.run(scene.proofs.look({"holder": "aa", "identity": "01"}))

    assert [look(), look(), *scene.claim("01"), look()] == [True, True, "first", False]
