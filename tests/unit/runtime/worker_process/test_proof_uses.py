"""Claims of a worker: collected for one round of the event loop, and answered each on its own."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from hotgate.identity.dpop.proof import Proof
from hotgate.runtime.worker_process.proof_uses import ProofUses
from hotgate.runtime.worker_process.questions import Unanswered

HOLDER = b"12345678"


def message(epoch: str) -> dict[str, Any]:
    return {"type": "proofs", "epoch": epoch, "nonces": ["n"], "since": 0.0}


def proof(number: int) -> Proof:
    return Proof(number.to_bytes(16), 1000.0, None)


class Desk:
    """Keeps what it was asked, and answers with `answer`, or by it."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.asked: list[dict[str, Any]] = []

    async def ask(self, about: str, body: dict[str, Any]) -> Any:
        assert about == "proofs"
        self.asked.append(body)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def played(desk: Desk, script: Callable[[ProofUses], Awaitable[Any]]) -> Any:
    async def play() -> Any:
        uses = ProofUses(desk.ask)
        uses.hear(message("e1"))
        return await script(uses)

    return asyncio.run(play())


def test_claims_of_one_round_are_one_question() -> None:
    desk = Desk(["first", "used", "full"])

    async def script(uses: ProofUses) -> list[bool | None]:
        return list(await asyncio.gather(*(uses.claim(HOLDER, proof(number)) for number in range(3))))

    assert played(desk, script) == [True, False, None]
    (body,) = desk.asked
    assert body["epoch"] == "e1"
    assert body["claims"] == [("3132333435363738", f"{number:032x}", 1065) for number in range(3)]


def test_the_next_round_asks_anew() -> None:
    desk = Desk(["first"])

    async def script(uses: ProofUses) -> list[bool | None]:
        return [await uses.claim(HOLDER, proof(number)) for number in range(2)]

    assert played(desk, script) == [True, True]
    assert len(desk.asked) == 2


@pytest.mark.parametrize(
    "answer", [Unanswered("gone"), None, [], ["full"], ["perhaps"], [[]], [True], [1], "first", 5, {}]
)
def test_only_a_clear_answer_says_anything(answer: Any) -> None:
    async def script(uses: ProofUses) -> bool | None:
        return await uses.claim(HOLDER, proof(1))

    assert played(Desk(answer), script) is None


def test_a_client_that_leaves_changes_nothing_for_others() -> None:
    async def script(uses: ProofUses) -> bool | None:
        gone, staying = uses.claim(HOLDER, proof(1)), uses.claim(HOLDER, proof(2))
        gone.cancel()
        return await staying

    assert played(Desk(["first", "first"]), script) is True


def test_what_was_judged_before_a_new_control_process_says_so() -> None:
    """Else a proof that the one before has seen could be claimed from the one after."""
    desk = Desk(["first"])

    async def script(uses: ProofUses) -> bool | None:
        waiting = uses.claim(HOLDER, proof(1))
        uses.hear(message("e2"))
        return await waiting

    played(desk, script)
    assert [body["epoch"] for body in desk.asked] == ["e1"]


def test_nonsense_of_the_control_process_changes_nothing() -> None:
    async def script(uses: ProofUses) -> str:
        with pytest.raises((KeyError, TypeError, ValueError)):
            uses.hear({"type": "proofs", "epoch": "e2", "nonces": []})
        assert uses.nonces is not None
        return uses.nonces.epoch

    assert played(Desk([]), script) == "e1"
