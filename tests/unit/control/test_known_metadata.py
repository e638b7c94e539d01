"""Metadata of issuers, read once for all who ask, and kept while an issuer is down."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import httpx
import pytest

from hotgate.control.address_zone import Zone
from hotgate.control.download import FetchFailed
from hotgate.control.issuer_metadata import IssuerMetadata
from hotgate.control.judged_address import Place
from hotgate.control.kept_reading import INTERVAL, RETRY
from hotgate.control.known_metadata import KnownMetadata
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation

ISSUER = DiscoveryLocation("https://idp.test")


class Server:
    """status: what it answers with. asked: how often."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked = 0
        self.status = 200
        self.gate = asyncio.Event()
        self.gate.set()
        self.client = httpx.AsyncClient(transport=httpx.MockTransport(self._answer))
        self.known = KnownMetadata(self.client, self._resolve, lambda: self.now)

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        await self.gate.wait()
        document = {"issuer": ISSUER.issuer, "version": self.asked}
        return httpx.Response(self.status, stream=httpx.ByteStream(httpx.Response(200, json=document).content))

    async def _resolve(self, host: str, port: int) -> Sequence[str]:
        return ["93.184.215.14"]

    async def version(self) -> int:
        return int((await self.known.of(ISSUER)).document["version"])


def play(script: Callable[[Server], Awaitable[None]]) -> None:
    async def played() -> None:
        server = Server()
        await script(server)
        await server.client.aclose()

    asyncio.run(played())


def test_it_is_read_again_after_an_hour() -> None:
    async def script(server: Server) -> None:
        assert [await server.version(), await server.version()] == [1, 1]
        server.now += INTERVAL
        assert await server.version() == 2

    play(script)


def test_one_reading_serves_all_who_ask() -> None:
    async def script(server: Server) -> None:
        server.gate.clear()
        asking = [asyncio.ensure_future(server.version()) for _ in range(10)]
        await asyncio.sleep(0)
        asking[0].cancel()
        server.gate.set()
        assert set(await asyncio.gather(*asking[1:])) == {1}

    play(script)


def test_what_was_known_stays_while_the_issuer_is_down_and_it_is_asked_seldom() -> None:
    async def script(server: Server) -> None:
        await server.version()
        server.now += INTERVAL
        server.status = 503
        assert [await server.version(), await server.version()] == [1, 1]
        assert server.asked == 2
        server.now += RETRY
        server.status = 200
        assert await server.version() == 3

    play(script)


def test_nothing_is_known_of_an_issuer_that_was_never_reached() -> None:
    async def script(server: Server) -> None:
        server.status = 503
        with pytest.raises(FetchFailed):
            await server.version()

    play(script)


def test_what_is_doubted_is_read_again() -> None:
    async def script(server: Server) -> None:
        await server.version()
        server.known.doubt(ISSUER)
        assert await server.version() == 2

    play(script)


METADATA = IssuerMetadata(
    {
        "token_endpoint": "https://idp.test/token",
        "introspection_endpoint": "https://idp.test/introspect",
        "mtls_endpoint_aliases": {"token_endpoint": "https://mtls.idp.test/token"},
    },
    Zone.PUBLIC,
)


def test_a_client_with_a_certificate_calls_where_certificates_are_asked_for() -> None:
    assert METADATA.place("token_endpoint", mutual_tls=True) == Place("https://mtls.idp.test/token", Zone.PUBLIC)
    assert METADATA.place("token_endpoint").url == "https://idp.test/token"
    assert METADATA.place("introspection_endpoint", mutual_tls=True).url == "https://idp.test/introspect"
