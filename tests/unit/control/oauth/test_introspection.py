"""Introspection for all workers: calls are shared, bounded and given up, and what an answer says is passed on."""

import asyncio
import gzip
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest

from hotgate.config.oauth_client import OAuthClient
from hotgate.control.download import MAX_BYTES, FetchFailed
from hotgate.control.judged_address import Place
from hotgate.control.oauth.client_authentication import ClientAuthentication
from hotgate.control.oauth.endpoint_call import EndpointCaller
from hotgate.control.oauth.introspection import AT_ONCE, MOST_WAITING, Introspection
from hotgate.control.oauth.introspection_answer import MEDIA_TYPES, AnswerKind, AnswerReader
from hotgate.control.oauth.kept_answers import KeptAnswers
from hotgate.identity.verification_keys.key_set import KeySet
from hotgate.testing.issuer import Issuer
from hotgate.upstream.breaker import RULES, Breaker

NOW = 1_800_000_000.0
ENDPOINT = "https://idp.test/introspect"
ACTIVE = {"active": True, "sub": "ada", "exp": NOW + 600}


class Stream(httpx.AsyncByteStream):
    """A body that comes in these pieces, and then, if asked to, never ends."""

    def __init__(self, *pieces: bytes, hangs: bool = False) -> None:
        self._pieces = pieces
        self._hangs = hangs

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        if self._hangs:
            await asyncio.Event().wait()


class Server(httpx.AsyncBaseTransport):
    """An authorization server. respond: what it answers. gate: what it waits for first. asked: the forms it got."""

    def __init__(self, kind: AnswerKind = "json", timeout: float = 5.0) -> None:
        self.now = 0.0
        self.respond: Callable[[], httpx.Response] = lambda: self.json(ACTIVE)
        self.gate: asyncio.Event | None = None
        self.asked: list[dict[str, list[str]]] = []
        self.headers: list[httpx.Headers] = []
        self.busiest = self.busy = 0
        self.keys = KeySet("idp")
        self.fresh: Callable[[], None] = lambda: None
        self.results: Counter[str] = Counter()
        client = ClientAuthentication(OAuthClient.model_validate({"id": "gateway", "secret": "s"}))
        self.caller = EndpointCaller(client, "https://idp.test", timeout=timeout, resolve=self._resolve, transport=self)
        algorithms = frozenset({"ES256"})
        self.introspection = Introspection(
            self._endpoint,
            self.caller.post,
            AnswerReader(kind, "https://idp.test", "gateway", algorithms, lambda: self.keys, lambda: NOW),
            MEDIA_TYPES[kind],
            KeptAnswers(60.0, 5.0, 1000),
            Breaker("opaque", lambda: self.now),
            fresh_keys=self._fresh_keys,
            hint="access_token",
            timeout=timeout,
            results=self.results,
            clock=lambda: self.now,
        )

    @staticmethod
    def json(members: Any, status: int = 200, **fields: str) -> httpx.Response:
        headers = {"content-type": "application/json", **fields}
        return httpx.Response(status, headers=headers, stream=Stream(json.dumps(members).encode()))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(parse_qs((await request.aread()).decode(), keep_blank_values=True))
        self.headers.append(request.headers)
        self.busy += 1
        self.busiest = max(self.busiest, self.busy)
        try:
            if self.gate is not None:
                await self.gate.wait()
            return self.respond()
        finally:
            self.busy -= 1

    async def ask(self, token: str = "t0ken") -> dict[str, Any]:
        return await self.introspection.answer(token)

    async def _resolve(self, host: str, port: int) -> Sequence[str]:
        return ["93.184.215.14"]

    async def _endpoint(self) -> Place:
        return Place(ENDPOINT)

    async def _fresh_keys(self) -> None:
        self.fresh()


def play(script: Callable[[Server], Awaitable[None]], *, kind: AnswerKind = "json", timeout: float = 5.0) -> Server:
    async def played() -> Server:
        server = Server(kind, timeout)
        await script(server)
        await server.introspection.stop()
        await server.caller.close()
        return server

    return asyncio.run(played())


def test_what_the_server_says_is_passed_on_with_its_time() -> None:
    async def script(server: Server) -> None:
        answer = await server.ask()
        assert (answer["active"], json.loads(answer["claims"]), answer["keep"]) == (True, ACTIVE, 60.0)
        server.now += 20
        assert (await server.ask())["keep"] == 40.0

    server = play(script)
    assert server.asked == [{"token": ["t0ken"], "token_type_hint": ["access_token"]}]
    assert server.headers[0]["accept"] == "application/json"
    assert server.results == {"active": 1, "cached": 1}


@pytest.mark.parametrize("token", ["a&client_id=evil", "a\r\nb", "a\x00b", "a=b c", "\u20ac"])
def test_a_token_injects_no_parameter(token: str) -> None:
    async def script(server: Server) -> None:
        await server.ask(token)

    (form,) = play(script).asked
    assert form == {"token": [token], "token_type_hint": ["access_token"]}


def test_one_call_serves_all_who_ask_meanwhile() -> None:
    async def script(server: Server) -> None:
        server.gate = asyncio.Event()
        asking = [asyncio.ensure_future(server.ask()) for _ in range(20)]
        await asyncio.sleep(0)
        asking[0].cancel()
        server.gate.set()
        answers = await asyncio.gather(*asking[1:])
        assert {answer["active"] for answer in answers} == {True}

    assert len(play(script).asked) == 1


def test_an_inactive_token_is_known_for_a_short_while() -> None:
    async def script(server: Server) -> None:
        server.respond = lambda: server.json({"active": False})
        assert (await server.ask())["active"] is False
        assert (await server.ask())["active"] is False
        server.now += 5
        await server.ask()

    assert len(play(script).asked) == 2


def test_calls_at_once_are_bounded_and_so_is_who_waits() -> None:
    async def script(server: Server) -> None:
        server.gate = asyncio.Event()
        asking = [asyncio.ensure_future(server.ask(f"random{number}")) for number in range(MOST_WAITING + 100)]
        for _ in range(20):
            await asyncio.sleep(0)
        server.gate.set()
        answers = await asyncio.gather(*asking)
        assert sum(answer["active"] is None for answer in answers) == 100

    server = play(script)
    assert server.busiest == AT_ONCE
    assert server.results["overload"] == 100


def hanging(*pieces: bytes) -> httpx.Response:
    return httpx.Response(200, headers={"content-type": "application/json"}, stream=Stream(*pieces, hangs=True))


@pytest.mark.parametrize("pieces", [(), (b'{"active": tr',), (b'{"active": true}',)])
def test_a_server_that_hangs_is_given_up(pieces: tuple[bytes, ...]) -> None:
    async def script(server: Server) -> None:
        server.respond = lambda: hanging(*pieces)
        assert (await server.ask())["active"] is None

    assert play(script, timeout=0.02).results == {"failed": 1}


def test_a_server_that_never_begins_to_answer_is_given_up() -> None:
    async def script(server: Server) -> None:
        server.gate = asyncio.Event()
        assert "no complete answer" in (await server.ask())["reason"]

    play(script, timeout=0.02)


def bomb() -> httpx.Response:
    packed = gzip.compress(json.dumps({**ACTIVE, "x": " " * 10_000_000}).encode())
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    return httpx.Response(200, headers=headers, stream=Stream(packed))


@pytest.mark.parametrize(
    "response",
    [
        lambda: httpx.Response(302, headers={"location": "https://evil.test/"}, stream=Stream()),
        bomb,
        lambda: httpx.Response(
            200, headers={"content-type": "application/json"}, stream=Stream(b" " * (MAX_BYTES + 1))
        ),
        lambda: Server.json({"active": "true"}),
        lambda: Server.json({"active": 1}),
        lambda: Server.json({**ACTIVE, "x": "y" * 70_000}),
        lambda: Server.json({"error": "invalid_request"}, 400),
        lambda: Server.json({"error": "invalid_client"}, 401),
        lambda: Server.json(ACTIVE, 503),
    ],
)
def test_what_is_no_answer_says_nothing_of_the_token(response: Callable[[], httpx.Response]) -> None:
    """It is neither good nor bad, and the next who asks may learn more: nothing of it is kept."""

    async def script(server: Server) -> None:
        server.respond = response
        assert (await server.ask())["active"] is None
        server.respond = lambda: server.json(ACTIVE)
        assert (await server.ask())["active"] is True

    server = play(script)
    assert server.results == {"failed": 1, "active": 1}
    assert {headers["host"] for headers in server.headers} == {"idp.test"}


def test_a_server_that_fails_is_left_alone_while_known_tokens_go_on() -> None:
    async def script(server: Server) -> None:
        await server.ask("known")
        server.respond = lambda: server.json({}, 503)
        for number in range(RULES.consecutive_failures):
            await server.ask(f"new{number}")
        calls = len(server.asked)
        answer = await server.ask("newer")
        assert (answer["active"], answer["retry_after"]) == (None, RULES.duration)
        assert (await server.ask("known"))["active"] is True
        assert len(server.asked) == calls
        server.respond = lambda: server.json(ACTIVE)
        server.now += RULES.duration
        assert (await server.ask("newer"))["active"] is True
        assert (await server.ask("newest"))["active"] is True

    assert play(script).results["circuit_open"] == 1


@pytest.mark.parametrize(
    "response", [lambda: Server.json({}, 400), lambda: Server.json({"active": 1}), lambda: Server.json({"a": []})]
)
def test_a_token_that_the_server_stumbles_over_opens_nothing(response: Callable[[], httpx.Response]) -> None:
    """Whoever has such a token would otherwise lock everybody out."""

    async def script(server: Server) -> None:
        server.respond = response
        for number in range(3 * RULES.consecutive_failures):
            await server.ask(f"odd{number}")
        server.respond = lambda: server.json(ACTIVE)
        assert (await server.ask("honest"))["active"] is True

    play(script)


def test_a_name_that_cannot_be_found_is_a_failure_like_any() -> None:
    async def script(server: Server) -> None:
        async def nowhere() -> Place:
            raise FetchFailed("the metadata is of another issuer")

        server.introspection._endpoint = nowhere
        answer = await server.ask()
        assert (answer["active"], "another issuer" in answer["reason"]) == (None, True)

    play(script)


IDP = Issuer("https://idp.test")


def signed_answer() -> httpx.Response:
    claims = {"iss": IDP.name, "aud": "gateway", "iat": NOW, "token_introspection": ACTIVE}
    body = IDP.token(claims, {"typ": "token-introspection+jwt"})
    return httpx.Response(200, headers={"content-type": MEDIA_TYPES["signed"]}, stream=Stream(body))


def test_a_signed_answer_by_a_new_key_is_read_once_the_key_is_known() -> None:
    async def script(server: Server) -> None:
        server.keys.replace(Issuer(kid="old").jwks())
        server.respond = signed_answer
        assert (await server.ask())["active"] is None
        server.fresh = lambda: server.keys.replace(IDP.jwks())
        answer = await server.ask()
        assert (answer["active"], answer["jwt"].count(".")) == (True, 2)

    server = play(script, kind="signed")
    assert server.headers[0]["accept"] == "application/token-introspection+jwt"


def test_no_reason_shows_a_token() -> None:
    async def script(server: Server) -> None:
        server.respond = lambda: server.json({"active": "s3cret-token"}, 400)
        assert "s3cret" not in str(await server.ask("s3cret-token"))

    play(script)
