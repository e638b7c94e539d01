"""Proofs of possession (DPoP) at the gateway: who is let in, and every other way that a thief could try."""

import time
from typing import Any

import pytest

from dpop_client import DpopClient
from wire.dpop_desk import ISSUER, ORIGIN, URL, Desk, asking, behind, entry, exchange, fields, token
from wire.message import Message
from wire.samples import OK, get
from wire.scenario import Wire, scenario

CLIENT, THIEF = DpopClient(url=f"{ORIGIN}/"), DpopClient(url=f"{ORIGIN}/")
PLAIN_JWT = {"jwt": {"issuer": ISSUER.name, "audience": "api", "jwks_url": URL, "algorithms": ["ES256"]}}


async def refused(wire: Wire, request: bytes) -> Message:
    """The refusal; the backend hears nothing."""
    client = await wire.send(request)
    answer = await client.message()
    client.close()
    assert wire.backend.accepted == 0
    return answer


async def code_of(wire: Wire, request: bytes) -> tuple[int, str]:
    answer = await refused(wire, request)
    return answer.status, answer.code


@scenario(**behind(entry()))
async def test_a_token_with_its_proof_is_let_in_and_neither_reaches_the_backend(wire: Wire) -> None:
    Desk(wire)
    access = token(CLIENT)
    for _ in range(2):
        received, answer = await exchange(wire, asking(CLIENT, access))
        assert answer.status == 200
        assert received.get(b"x-auth-subject") == b"ada"
        assert received.get(b"authorization") is None
        assert received.get(b"dpop") is None
        assert answer.get(b"dpop-nonce") is None
    assert "eyJ" not in str(wire.gateway.records.lines)


@scenario(**behind(entry()))
async def test_what_to_send_is_said_to_who_sends_nothing(wire: Wire) -> None:
    Desk(wire)
    answer = await refused(wire, get("/"))
    assert answer.get(b"www-authenticate") == b'DPoP realm="corp", algs="ES256 EdDSA Ed25519 PS256"'
    assert (answer.status, answer.code) == (401, "token-missing")


@scenario(**behind(entry(required=False)))
async def test_where_proofs_are_not_required_both_ways_are_named(wire: Wire) -> None:
    Desk(wire)
    answer = await refused(wire, get("/"))
    assert answer.get(b"www-authenticate") == (
        b'DPoP realm="corp", algs="ES256 EdDSA Ed25519 PS256", Bearer realm="corp"'
    )


@scenario(**behind(entry()))
async def test_a_proof_is_good_for_one_request(wire: Wire) -> None:
    Desk(wire)
    request = asking(CLIENT, token(CLIENT))
    _, answer = await exchange(wire, request)
    assert answer.status == 200
    client = await wire.send(request)
    answer = await client.message()
    assert (answer.status, answer.code) == (401, "proof-replayed")
    assert b'error="invalid_dpop_proof"' in (answer.get(b"www-authenticate") or b"")


@scenario(**behind(entry()))
async def test_of_a_proof_in_many_requests_at_once_one_is_let_in(wire: Wire) -> None:
    desk = Desk(wire)
    request = asking(CLIENT, token(CLIENT))
    clients = [await wire.send(request) for _ in range(8)]
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    answers = [(await client.message()).status for client in clients]
    assert sorted(answers) == [200] + [401] * 7
    assert len(desk.asked) <= 8


ATTACKS: dict[str, dict[str, Any]] = {
    "method": {"htm": "POST"},
    "host": {"htu": "http://b.example/"},
    "port": {"htu": "http://a.example:8080/"},
    "scheme": {"htu": "https://a.example/"},
    "path": {"htu": f"{ORIGIN}/admin"},
    "encoded path": {"htu": f"{ORIGIN}/%2e%2e/"},
    "no address": {"htu": None},
    "another token": {"ath": "A" * 43},
    "no token": {"ath": None},
    "no jti": {"jti": None},
    "huge jti": {"jti": "x" * 5000},
    "no time": {"iat": None},
    "typ of an access token": {"header": {"typ": "at+jwt"}},
    "no signature": {"header": {"alg": "none"}},
    "secret": {"header": {"alg": "HS256", "jwk": {"kty": "oct", "k": "AAAA"}}},
    "private key": {"header": {"jwk": CLIENT.private_jwk}},
    "critical extension": {"header": {"crit": ["x"], "x": 1}},
    "certificate": {"header": {"x5c": ["MIIB"]}},
    "signed by another": {"signed_by": THIEF},
}


@pytest.mark.parametrize("changes", ATTACKS.values(), ids=ATTACKS)
def test_a_proof_for_something_else_is_refused(changes: dict[str, Any]) -> None:
    @scenario(**behind(entry()))
    async def script(wire: Wire) -> None:
        desk = Desk(wire)
        access = token(CLIENT)
        proof = CLIENT.proof(access, time.time(), **{"htu": f"{ORIGIN}/", **changes})
        answer = await refused(wire, get("/", *fields(access, proof)))
        assert (answer.status, answer.code) == (401, "proof-invalid")
        assert b'error="invalid_dpop_proof"' in (answer.get(b"www-authenticate") or b"")
        assert desk.asked == []  # nothing is used up, and nobody's memory is filled

    script()


@pytest.mark.parametrize("age", [3600, 61, -60])
def test_a_proof_of_another_time_is_refused(age: float) -> None:
    @scenario(**behind(entry()))
    async def script(wire: Wire) -> None:
        Desk(wire)
        access = token(CLIENT)
        proof = CLIENT.proof(access, time.time() - age)
        assert await code_of(wire, get("/", *fields(access, proof))) == (401, "proof-outdated")

    script()


@scenario(**behind(entry()))
async def test_whoever_has_the_token_and_another_key_is_refused_and_harms_nobody(wire: Wire) -> None:
    desk = Desk(wire)
    access = token(CLIENT)
    stolen = THIEF.proof(access, time.time(), jti="j1")
    answer = await refused(wire, get("/", *fields(access, stolen)))
    assert (answer.status, answer.code) == (401, "token-binding-mismatch")
    assert b'error="invalid_token"' in (answer.get(b"www-authenticate") or b"")
    assert desk.asked == []
    _, answer = await exchange(wire, asking(CLIENT, access, jti="j1"))
    assert answer.status == 200


@scenario(**behind(entry()))
async def test_a_proof_is_needed_and_only_one(wire: Wire) -> None:
    Desk(wire)
    access = token(CLIENT)
    assert await code_of(wire, get("/", *fields(access, None))) == (401, "proof-missing")
    proofs = [f"DPoP: {CLIENT.proof(access, time.time()).decode()}" for _ in range(2)]
    assert await code_of(wire, get("/", *fields(access, None), *proofs)) == (401, "proof-invalid")


@pytest.mark.parametrize("required", [True, False])
def test_a_bound_token_cannot_be_sent_as_bearer(required: bool) -> None:
    @scenario(**behind(entry(required=required)))
    async def script(wire: Wire) -> None:
        Desk(wire)
        access = token(CLIENT)
        proof = CLIENT.proof(access, time.time())
        for sent in (fields(access, None, "Bearer"), fields(access, proof, "Bearer"), fields(access, proof, "bearer")):
            answer = await refused(wire, get("/", *sent))
            assert (answer.status, answer.code) == (401, "token-binding-mismatch")
            assert (answer.get(b"www-authenticate") or b"").startswith(b"DPoP ")

    script()


@pytest.mark.parametrize("required", [True, False])
def test_a_token_that_is_not_bound_cannot_be_sent_with_a_proof(required: bool) -> None:
    @scenario(**behind(entry(required=required)))
    async def script(wire: Wire) -> None:
        Desk(wire)
        for access in (token(None), token(None, cnf={"x5t#S256": "A" * 43})):
            proof = CLIENT.proof(access, time.time())
            assert await code_of(wire, get("/", *fields(access, proof))) == (401, "token-binding-mismatch")

    script()


@scenario(**behind(entry(required=False)))
async def test_where_proofs_are_not_required_a_free_token_is_let_in(wire: Wire) -> None:
    desk = Desk(wire)
    received, answer = await exchange(wire, get("/", *fields(token(None), None, "Bearer"), "DPoP: a.b.c"))
    assert answer.status == 200
    assert received.get(b"dpop") is None
    assert desk.asked == []
    _, answer = await exchange(wire, asking(CLIENT, token(CLIENT)))
    assert answer.status == 200


@scenario(**behind(PLAIN_JWT))
async def test_an_entry_without_proofs_takes_no_token_that_needs_one(wire: Wire) -> None:
    Desk(wire)
    access = token(CLIENT)
    assert await code_of(wire, asking(CLIENT, access)) == (401, "token-missing")
    assert await code_of(wire, get("/", *fields(access, None, "Bearer"))) == (401, "token-binding-mismatch")


@scenario(**behind({"free": PLAIN_JWT, "corp": entry()}, "free", "corp"))
async def test_beside_an_entry_without_proofs_nothing_is_let_in_without_one(wire: Wire) -> None:
    """Both are of one issuer: the first that the token is addressed to decides."""
    Desk(wire)
    access = token(CLIENT)
    assert await code_of(wire, get("/", *fields(access, None, "Bearer"))) == (401, "token-binding-mismatch")
    assert await code_of(wire, get("/", *fields(access, None))) == (401, "token-missing")


@scenario(**behind({"free": {"jwt": {**PLAIN_JWT["jwt"], "audience": "other"}}, "corp": entry()}, "free", "corp"))
async def test_one_of_several_entries_may_want_proofs(wire: Wire) -> None:
    Desk(wire)
    _, answer = await exchange(wire, asking(CLIENT, token(CLIENT)))
    assert answer.status == 200
    _, answer = await exchange(wire, get("/", *fields(token(None, aud="other"), None, "Bearer")))
    assert answer.status == 200


@scenario(**behind(entry(single_use=True)))
async def test_a_thief_uses_no_token_up(wire: Wire) -> None:
    desk = Desk(wire)
    access = token(CLIENT)
    assert await code_of(wire, get("/", *fields(access, THIEF.proof(access, time.time())))) == (
        401,
        "token-binding-mismatch",
    )
    assert desk.asked == []
    _, answer = await exchange(wire, asking(CLIENT, access))
    assert answer.status == 200
    assert desk.asked == ["proofs", "single_use"]


@scenario(**behind(entry(single_use=True)))
async def test_a_proof_that_was_seen_uses_no_token_up(wire: Wire) -> None:
    desk = Desk(wire)
    first, second = token(CLIENT, jti="t1"), token(CLIENT, jti="t2")
    await exchange(wire, asking(CLIENT, first, jti="j1"))
    client = await wire.send(asking(CLIENT, second, jti="j1"))
    assert (await client.message()).code == "proof-replayed"
    assert desk.asked == ["proofs", "single_use", "proofs"]


@scenario(**behind(entry()))
async def test_without_the_control_process_nobody_can_tell(wire: Wire) -> None:
    desk = Desk(wire)
    desk.is_there = False
    answer = await refused(wire, asking(CLIENT, token(CLIENT)))
    assert (answer.status, answer.code) == (503, "proofs-unavailable")
    assert answer.get(b"retry-after") is not None
    desk.uses.nonces = None  # it was never heard
    assert await code_of(wire, asking(CLIENT, token(CLIENT))) == (503, "proofs-unavailable")


def counting(scene: dict[str, Any]) -> dict[str, Any]:
    """The same, where the second failure has its client banned."""
    return {**scene, "settings": {**scene["settings"], "brute_force": {"delay_after": 1, "ban_after": 2, "exempt": []}}}


@scenario(**counting(behind(entry())))
async def test_guessed_proofs_are_failures_as_all_others(wire: Wire) -> None:
    Desk(wire)
    access = token(CLIENT)
    client = await wire.connect()
    client.send(get("/", *fields(access, CLIENT.proof(access, time.time(), signed_by=THIEF))))
    assert (await client.message()).code == "proof-invalid"
    report = wire.gateway.plane.login_guard.report()
    assert report is not None


@scenario(**counting(behind(entry())))
async def test_nobody_is_banned_for_what_happens_to_honest_clients(wire: Wire) -> None:
    """A proof that is sent again by whoever lost the answer, a clock that is wrong, a nonce that has ended."""
    desk = Desk(wire)
    access = token(CLIENT)
    request = asking(CLIENT, access)
    await exchange(wire, request)
    client = await wire.connect()
    for number in range(30):
        client.send(request if number % 2 else get("/", *fields(access, CLIENT.proof(access, time.time() - 600))))
        assert (await client.message()).status == 401
    assert wire.gateway.plane.login_guard.report() is None
    assert set(desk.asked) == {"proofs"}
