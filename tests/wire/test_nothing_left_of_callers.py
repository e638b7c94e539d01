"""Whoever is let in or refused leaves no reference cycle, whatever the credential and whoever had to be asked."""

import asyncio
import time
from hashlib import sha256
from typing import Any

import pytest

from hotgate.edge.bound_requests import BoundRequests
from hotgate.edge.tls_handshake import TlsHandshake
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.verification_keys.key_sets import key_set_name
from hotgate.keys.rotation import first_ring
from hotgate.runtime.worker_process.questions import Questions, Unanswered
from hotgate.testing.issuer import Issuer
from wire.client_certificates import ASKS, CLIENT, A, client_context, refused, served
from wire.key_store import key_store
from wire.leftovers import no_collection, objects, relays
from wire.peer import Peer, turns
from wire.samples import OK, get
from wire.scenario import Wire, scenario

pytestmark = pytest.mark.usefixtures(no_collection.__name__)

ISSUER, STRANGER = Issuer(), Issuer()
URL = "https://idp.test/jwks"
KEY = "0123456789abcdef"
_JWT = {"issuer": ISSUER.name, "audience": "api", "jwks_url": URL, "algorithms": ["ES256"]}
SETTINGS: dict[str, Any] = {
    "identity": {
        "corp": {"jwt": _JWT},
        "once": {"jwt": {**_JWT, "single_use": True}},
        "partners": {"api_key": {"keys": [{"id": "ci", "sha256": sha256(KEY.encode()).hexdigest()}]}},
        "devices": {"mtls": {}},
        "ruled": {"mtls": {"rules": [{"match": {"common_name": "nobody"}, "consumer": "nobody"}]}},
        "guests": {"anonymous": {}},
    },
    "brute_force": {"delay_after": 1, "ban_after": 100, "exempt": []},
}


def behind(*proofs: Any, **route: Any) -> dict[str, Any]:
    """Keys of a scenario: one route that wants these."""
    return {"route": {"public": False, "authenticate": list(proofs), **route}, "settings": SETTINGS}


def bearer(issuer: Issuer = ISSUER, **changes: Any) -> str:
    claims = {"iss": ISSUER.name, "aud": "api", "sub": "ada", "exp": time.time() + 86_400, "jti": "t1", **changes}
    return "Authorization: Bearer " + issuer.token(claims).decode()


def know_keys(wire: Wire) -> None:
    for name in ("corp", "once"):
        wire.gateway.services["key_sets"].replace(key_set_name(name, URL), ISSUER.jwks())


async def answered(wire: Wire, client: Peer, request: bytes) -> int:
    """The status that it gets, from the backend if it is let through."""
    client.send(request)
    answer = asyncio.ensure_future(client.message())
    backend = asyncio.ensure_future(wire.backend.accept())
    await asyncio.wait([answer, backend], return_when=asyncio.FIRST_COMPLETED)
    if not backend.done():
        backend.cancel()
    else:
        peer = backend.result()
        await peer.message()
        peer.send(OK)
    return (await answer).status


_CASES = {
    "key": (("partners",), [f"X-Api-Key: {KEY}"], 200),
    "bad key": (("partners",), ["X-Api-Key: guessed-guessed"], 401),
    "token": (("corp",), [bearer()], 200),
    "bad token": (("corp",), ["Authorization: Bearer a.b.c"], 401),
    "expired token": (("corp",), [bearer(exp=1000)], 401),
    "signed by another": (("corp",), [bearer(STRANGER)], 401),
    "bound token": (("corp",), [bearer(cnf={"x5t#S256": "A" * 43})], 401),
    "none": (("corp",), [], 401),
    "guest": (("corp", "guests"), [], 200),
    "both": (({"all": ["corp", "partners"]},), [bearer(), f"X-Api-Key: {KEY}"], 200),
    "one of two": (({"all": ["corp", "partners"]},), [bearer()], 401),
}


@pytest.mark.parametrize(("proofs", "fields", "status"), _CASES.values(), ids=_CASES)
def test_of_a_request_that_is_judged_at_once(proofs: tuple[Any, ...], fields: list[str], status: int) -> None:
    @scenario(**behind(*proofs, assertion={}))
    async def script(wire: Wire) -> None:
        know_keys(wire)
        wire.gateway.services["signing"].ring = first_ring("ES256", time.time())
        assert await answered(wire, await wire.connect(), get("/", *fields)) == status
        await turns(20)
        assert relays() == 0

    script()


@pytest.mark.parametrize("presented", ["good", "short", "hg_live_0123456789abcdef_typo", "revoked"])
@scenario()
async def test_of_a_key_of_the_store(wire: Wire, presented: str) -> None:
    async with key_store(wire) as store:
        issued = await store.issue()
        if presented == "revoked":
            await store.store.revoke_key(issued.record.id, "stolen", store.now)
            store.tick()
        key = issued.key if presented in ("good", "revoked") else presented
        status = await answered(wire, await wire.connect(), get("/", f"X-Api-Key: {key}"))
        assert status == (200 if presented == "good" else 401)
        await turns(20)
        assert relays() == 0


@scenario(**behind("devices"), listener={"tls": {**A.settings, **ASKS}})
async def test_of_a_certificate(wire: Wire) -> None:
    client = await wire.connect_tls(context=client_context(CLIENT))
    await served(wire, client)
    client.reset()
    await wire.until_connected(0)
    await turns(20)
    assert (relays(), objects(TlsHandshake), objects(BoundRequests)) == (0, 0, 0)


@scenario(**behind("ruled"), listener={"tls": {**A.settings, **ASKS}})
async def test_of_a_certificate_that_is_nobodys(wire: Wire) -> None:
    client = await wire.connect_tls(context=client_context(CLIENT))
    assert await refused(client) == (401, "certificate-unknown")
    client.reset()
    await wire.until_connected(0)
    await turns(20)
    assert (relays(), objects(TlsHandshake), objects(CredentialRefused)) == (0, 0, 0)


async def delayed(wire: Wire) -> Peer:
    """A client that waits for its refusal."""
    client = await wire.connect()
    for _ in range(2):
        client.send(get("/", "X-Api-Key: guessed-guessed"))
        if _ == 0:
            await client.message()
    await turns()
    assert len(wire.gateway.plane.login_guard.waiting) == 1
    return client


@scenario(**behind("partners"))
async def test_of_a_refusal_that_is_told_late(wire: Wire) -> None:
    client = await delayed(wire)
    wire.gateway.advance(5.0)
    assert (await client.message()).status == 401
    await turns(20)
    assert relays() == 0


@scenario(**behind("partners"))
async def test_of_a_client_that_does_not_wait_for_its_refusal(wire: Wire) -> None:
    client = await delayed(wire)
    client.reset()
    await wire.until_connected(0)
    await turns(20)
    assert relays() == 0


async def asking(wire: Wire) -> tuple[Peer, Questions, list[Any]]:
    """A client whose token the control process must be asked about."""
    sent: list[Any] = []
    questions = Questions(sent.append)
    wire.gateway.services["ask"] = questions.ask
    wire.gateway.reconfigure(wire.gateway.configuration)
    know_keys(wire)
    client = await wire.send(get("/", bearer()))
    await turns()
    assert len(sent) == 1
    return client, questions, sent


@pytest.mark.parametrize(("body", "error", "status"), [(False, "", 401), (None, "broken", 503)])
@scenario(**behind("once"))
async def test_of_a_question_that_was_answered(wire: Wire, body: Any, error: str, status: int) -> None:
    client, questions, sent = await asking(wire)
    questions.answered({"id": sent[0]["id"], "body": body, "error": error})
    assert (await client.message()).status == status
    await turns(20)
    assert relays() == 0


@scenario(**behind("once"))
async def test_of_a_question_that_nobody_answers(wire: Wire) -> None:
    client, questions, _ = await asking(wire)
    questions.lost()
    assert (await client.message()).status == 503
    await turns(20)
    assert (relays(), objects(Unanswered)) == (0, 0)


@scenario(**behind("once"))
async def test_of_a_client_that_leaves_before_the_answer(wire: Wire) -> None:
    client, _, _ = await asking(wire)
    client.reset()
    await wire.until_connected(0)
    await turns(20)
    assert relays() == 0


@pytest.mark.parametrize("leaves", [True, False], ids=["leaves", "is refused"])
@scenario(**behind("corp"))
async def test_of_a_client_for_whom_fresher_keys_are_fetched(wire: Wire, leaves: bool) -> None:
    know_keys(wire)
    fetched = asyncio.get_running_loop().create_future()
    wire.gateway.services["key_sets"].request_refresh = lambda name: fetched
    client = await wire.send(get("/", bearer(Issuer(kid="k2"))))
    await turns()
    if leaves:
        client.reset()
        await wire.until_connected(0)
    fetched.set_result(None)
    if not leaves:
        assert (await client.message()).code == "key-unknown"
    await turns(20)
    assert relays() == 0


@scenario()
async def test_of_a_client_that_leaves_before_its_certificate_is_known_to_be_good(wire: Wire) -> None:
    questions = Questions(lambda message: None)
    wire.gateway.services["ask"] = questions.ask
    wire.gateway.change_listener({"tls": {**A.settings, **ASKS, "ocsp": True}})
    client = await wire.connect_tls(context=client_context(CLIENT))
    await turns()
    client.reset()
    await wire.until_connected(0)
    await turns(20)
    assert objects(TlsHandshake) == 0
