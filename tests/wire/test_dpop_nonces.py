"""Nonces of the gateway in proofs, and what a new control process makes of proofs that were used before it."""

import time
from typing import Any

import pytest

from dpop_client import DpopClient
from hotgate.runtime.desks.proofs import NONCE_PERIOD
from wire.dpop_desk import ORIGIN, Desk, asking, behind, entry, exchange, fields, token
from wire.message import Message
from wire.samples import get
from wire.scenario import Wire, scenario

CLIENT = DpopClient(url=f"{ORIGIN}/")


async def answered(wire: Wire, request: bytes) -> Message:
    """What the gateway itself says."""
    client = await wire.send(request)
    answer = await client.message()
    client.close()
    return answer


def wants_nonce(answer: Message) -> bool:
    challenge = answer.get(b"www-authenticate") or b""
    return answer.status == 401 and answer.code == "proof-nonce-required" and b'error="use_dpop_nonce"' in challenge


@scenario(**behind(entry(nonce="required")))
async def test_a_nonce_is_asked_for_and_then_accepted(wire: Wire) -> None:
    desk = Desk(wire)
    access = token(CLIENT)
    answer = await answered(wire, asking(CLIENT, access))
    assert wants_nonce(answer)
    nonce = (answer.get(b"dpop-nonce") or b"").decode()
    assert nonce == desk.nonce
    assert desk.asked == []
    _, served = await exchange(wire, asking(CLIENT, access, nonce=nonce))
    assert (served.status, served.get(b"dpop-nonce")) == (200, None)


@pytest.mark.parametrize("nonce", ["", "guessed", "A" * 22, None])
def test_a_nonce_that_is_none_of_ours_is_refused(nonce: str | None) -> None:
    @scenario(**behind(entry(nonce="required")))
    async def script(wire: Wire) -> None:
        Desk(wire)
        answer = await answered(wire, asking(CLIENT, token(CLIENT), nonce=nonce))
        assert answer.status == 401
        assert answer.get(b"dpop-nonce") is not None

    script()


@scenario(**behind(entry(nonce="required")))
async def test_the_next_nonce_is_given_out_before_the_old_one_ends(wire: Wire) -> None:
    desk = Desk(wire)
    access, old = token(CLIENT), desk.nonce
    renew(desk)
    _, answer = await exchange(wire, asking(CLIENT, access, nonce=old))
    assert (answer.status, answer.get(b"dpop-nonce")) == (200, desk.nonce.encode())
    renew(desk)
    answer = await answered(wire, asking(CLIENT, access, nonce=old))
    assert wants_nonce(answer)
    assert answer.get(b"dpop-nonce") == desk.nonce.encode()


@scenario(**behind(entry(nonce="required")))
async def test_every_refusal_of_a_proof_says_the_nonce(wire: Wire) -> None:
    """So that a client needs one attempt to do better, not two."""
    desk = Desk(wire)
    access = token(CLIENT)
    for proof in (None, CLIENT.proof(access, time.time(), htm="POST"), CLIENT.proof(access, 1000.0)):
        answer = await answered(wire, get("/", *fields(access, proof)))
        assert answer.get(b"dpop-nonce") == desk.nonce.encode()


@pytest.mark.parametrize("settings", [{}, {"nonce": "required"}], ids=["off", "required"])
def test_what_was_used_before_a_restart_is_not_used_after_it(settings: dict[str, Any]) -> None:
    """Also with a clock that is ahead by as much as is allowed."""

    @scenario(**behind(entry(**settings)))
    async def script(wire: Wire) -> None:
        desk = Desk(wire)
        access = token(CLIENT)
        nonce = {"nonce": desk.nonce} if settings else {}
        used = [asking(CLIENT, access, iat=time.time() + ahead, **nonce) for ahead in (-50, 0, 9)]
        for request in used:
            _, answer = await exchange(wire, request)
            assert answer.status == 200
        desk.restart()
        for request in used:
            assert wants_nonce(await answered(wire, request))
        _, answer = await exchange(wire, asking(CLIENT, access, nonce=desk.nonce))
        assert answer.status == 200

    script()


@scenario(**behind(entry()))
async def test_a_while_after_a_restart_no_nonce_is_needed_any_more(wire: Wire) -> None:
    desk = Desk(wire, started=11.0)
    access = token(CLIENT)
    assert wants_nonce(await answered(wire, asking(CLIENT, access, iat=time.time() - 5)))
    _, answer = await exchange(wire, asking(CLIENT, access, nonce="of another epoch"))
    assert answer.status == 200
    assert desk.asked == ["proofs"]


@scenario(**behind(entry()))
async def test_while_two_control_processes_answer_only_nonces_count(wire: Wire) -> None:
    """In an upgrade: what was used at a worker of the old one must not be used at one of the new one."""
    desk = Desk(wire)
    access = token(CLIENT)
    desk.restart(3600.0, has_predecessor=True)
    assert wants_nonce(await answered(wire, asking(CLIENT, access)))
    _, answer = await exchange(wire, asking(CLIENT, access, nonce=desk.nonce))
    assert answer.status == 200
    desk.proofs.alone()
    assert wants_nonce(await answered(wire, asking(CLIENT, access)))


@scenario(**behind(entry()))
async def test_what_was_judged_before_a_restart_is_not_claimed_after_it(wire: Wire) -> None:
    """The proof was good by the word of a control process that has gone since."""
    desk = Desk(wire)
    stale = desk.uses.nonces
    desk.restart(3600.0)
    desk.uses.nonces = stale
    answer = await answered(wire, asking(CLIENT, token(CLIENT)))
    assert (answer.status, answer.code) == (503, "proofs-unavailable")


def renew(desk: Desk) -> None:
    """Let a nonce get old."""
    desk.proofs._renewed -= NONCE_PERIOD
    desk.proofs.tick()
