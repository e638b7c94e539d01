"""Metadata that anybody may read, also that of others."""

import asyncio
import json
from collections.abc import Awaitable
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey

from hotgate.http.response import Response
from hotgate.keys.key_ring import RingHolder
from hotgate.keys.rotation import first_ring
from hotgate.policies.metadata_answers import FAILED, FRESH, IssuerMetadataAnswer, SignedMetadata, answering
from hotgate.testing import make_exchange

ISSUER = "https://idp.test"


class Issuer:
    """The control process, which knows an issuer, or does not."""

    def __init__(self) -> None:
        self.now = 100.0
        self.asked = 0
        self.is_down = False
        self.gate = asyncio.Event()
        self.answer = IssuerMetadataAnswer(ISSUER, self._ask, lambda: self.now)

    async def _ask(self, about: str, body: Any, wait: float) -> Any:
        assert (about, body) == ("issuer_metadata", {"issuer": ISSUER})
        self.asked += 1
        await self.gate.wait()
        if self.is_down:
            raise RuntimeError("gone")
        return {"issuer": ISSUER, "version": self.asked}

    async def get(self, method: str = "GET") -> Response:
        outcome = self.answer(make_exchange(method))
        found = await outcome if isinstance(outcome, Awaitable) else outcome
        assert found is not None
        return found


def version(response: Response) -> int:
    return int(json.loads(response.body or b"")["version"])


def test_a_document_may_be_read_by_any_page() -> None:
    answer = answering({"resource": "x"})
    found = answer(make_exchange())
    assert isinstance(found, Response)
    assert (found.status, json.loads(found.body or b"")) == (200, {"resource": "x"})
    assert found.header("access-control-allow-origin") == "*"
    assert found.header("content-type") == "application/json"
    preflight = answer(make_exchange("OPTIONS"))
    assert isinstance(preflight, Response)
    assert (preflight.status, preflight.header("access-control-allow-headers")) == (204, "*")
    assert preflight.header("access-control-allow-credentials") is None


def test_signed_metadata_says_the_same_and_follows_the_key() -> None:
    signing = RingHolder()
    answer = SignedMetadata({"resource": "x"}, "gateway", signing, lambda: 100.0)
    assert (answer(make_exchange()).status, answer(make_exchange("OPTIONS")).status) == (503, 204)
    for _ in range(2):
        signing.ring = first_ring("ES256", 0.0)
        key = ECKey.import_key(json.loads(signing.ring.jwks)["keys"][0])
        first, second = answer(make_exchange()), answer(make_exchange())
        assert first.body == second.body
        members = json.loads(first.body or b"")
        token = jwt.decode(members.pop("signed_metadata"), key)
        assert members == {"resource": "x"}
        assert token.claims == {"resource": "x", "iss": "gateway", "iat": 100}


def test_the_metadata_of_others_is_asked_for_once_a_minute() -> None:
    async def play() -> None:
        issuer = Issuer()
        issuer.gate.set()
        assert [version(await issuer.get()), version(await issuer.get())] == [1, 1]
        issuer.now += FRESH
        assert version(await issuer.get()) == 2
        assert (await issuer.get("OPTIONS")).status == 204

    asyncio.run(play())


def test_one_question_serves_all_who_wait() -> None:
    async def play() -> None:
        issuer = Issuer()
        asking = [asyncio.ensure_future(issuer.get()) for _ in range(100)]
        await asyncio.sleep(0)
        asking[0].cancel()
        issuer.gate.set()
        assert {version(each) for each in await asyncio.gather(*asking[1:])} == {1}
        assert issuer.asked == 1

    asyncio.run(play())


def test_what_was_known_is_served_while_nobody_answers() -> None:
    async def play() -> None:
        issuer = Issuer()
        issuer.gate.set()
        await issuer.get()
        issuer.now += FRESH
        issuer.is_down = True
        assert [version(await issuer.get()), version(await issuer.get())] == [1, 1]
        assert issuer.asked == 2

    asyncio.run(play())


def test_nothing_known_is_503_and_no_reason_to_ask_with_each_request() -> None:
    async def play() -> None:
        issuer = Issuer()
        issuer.gate.set()
        issuer.is_down = True
        assert [(await issuer.get()).status for _ in range(10)] == [503] * 10
        assert issuer.asked == 1
        issuer.now += FAILED
        issuer.is_down = False
        assert version(await issuer.get()) == 2

    asyncio.run(play())


def test_without_a_control_process_there_is_none() -> None:
    async def play() -> None:
        outcome = IssuerMetadataAnswer(ISSUER, None)(make_exchange())
        assert isinstance(outcome, Awaitable)
        found = await outcome
        assert found is not None
        assert (found.status, found.code) == (503, "metadata-unavailable")

    asyncio.run(play())
