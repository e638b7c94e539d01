"""Clients of the control process, over real sockets: what is kept between calls, and what is not."""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import httpx
import pytest

from certificate_authority import authority
from hotgate.config.oauth_client import OAuthClient
from hotgate.control.download import FetchFailed, download
from hotgate.control.http_client import MOST_NAMES, ConnectionsByName, http_client, system_trust
from hotgate.control.judged_address import Place
from hotgate.control.oauth.client_authentication import ClientAuthentication
from hotgate.control.oauth.endpoint_call import EndpointCaller
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\nSet-Cookie: user=ada\r\n\r\n{}"


class Site:
    """A server on this machine with a certificate for one name. connections: how many; heads: what it was asked."""

    def __init__(self, folder: Path, name: str = "one.example") -> None:
        authority().issue(name).save(folder, "site")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "site.pem", folder / "site.key")
        self.answer = ANSWER
        self.connections = 0
        self.heads: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                await reader.readexactly(11 if self.heads[-1].startswith(b"POST") else 0)
                writer.write(self.answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def trusted() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=authority().pem)


def play(site: Site, script: Callable[[int], Awaitable[None]]) -> None:
    async def played() -> None:
        async with await asyncio.start_server(site.serve, "127.0.0.1", 0, ssl=site.context) as server:
            await script(server.sockets[0].getsockname()[1])

    asyncio.run(played())


def caller() -> EndpointCaller:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    client = OAuthClient.model_validate({"id": "g", "authentication": "none", "ca": [authority().pem]})
    return EndpointCaller(ClientAuthentication(client), "https://one.example", resolve=resolve)


def test_a_connection_speaks_for_the_name_alone_that_it_has_proved(tmp_path: Path) -> None:
    site = Site(tmp_path)

    async def script(port: int) -> None:
        calls = caller()
        await calls.post(Place(f"https://one.example:{port}/token"), {})
        with pytest.raises(FetchFailed):
            await calls.post(Place(f"https://two.example:{port}/token"), {})
        await calls.post(Place(f"https://one.example:{port}/token"), {})
        await calls.close()

    play(site, script)
    assert (len(site.heads), site.connections) == (2, 1)  # what is proved is used again


def test_documents_of_two_issuers_never_come_by_one_connection(tmp_path: Path) -> None:
    site = Site(tmp_path)

    async def script(port: int) -> None:
        async with http_client(trusted()) as client:
            await download(client, f"https://one.example:{port}/jwks", "127.0.0.1")
            with pytest.raises(httpx.ConnectError):
                await download(client, f"https://two.example:{port}/jwks", "127.0.0.1")

    play(site, script)
    assert len(site.heads) == 1


@pytest.fixture
def trust_is_read_again() -> Iterator[None]:
    """A process reads it once; each test of it is another process."""
    system_trust.cache_clear()
    yield
    system_trust.cache_clear()


@pytest.mark.usefixtures("trust_is_read_again")
def test_authorities_that_a_company_has_given_the_system_are_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "company.pem").write_text(authority().pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "company.pem"))
    site = Site(tmp_path)

    async def script(port: int) -> None:
        async with http_client() as client:
            await download(client, f"https://one.example:{port}/jwks", "127.0.0.1")

    play(site, script)
    assert len(site.heads) == 1


def test_no_call_brings_the_cookie_of_another(tmp_path: Path) -> None:
    site = Site(tmp_path)

    async def script(port: int) -> None:
        calls = caller()
        for user in ("ada", "bob"):
            await calls.get(Place(f"https://one.example:{port}/userinfo"), user)
        await calls.close()

    play(site, script)
    assert len(site.heads) == 2
    assert not any(b"\r\ncookie:" in head.lower() for head in site.heads)


def test_metadata_is_believed_from_the_authorities_of_the_client(tmp_path: Path) -> None:
    """Others than those of the system, or fewer: whoever could forge it could name another token endpoint."""
    site = Site(tmp_path)

    async def script(port: int) -> None:
        calls, issuer = caller(), f"https://one.example:{port}"
        body = json.dumps({"issuer": issuer}).encode()
        site.answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        assert (await calls.metadata(DiscoveryLocation(issuer))).document == {"issuer": issuer}
        await calls.close()

    play(site, script)


def test_names_that_change_for_ever_fill_no_memory(tmp_path: Path) -> None:
    site = Site(tmp_path, "*.idp.example")

    async def script(port: int) -> None:
        connections = ConnectionsByName(trusted())
        async with http_client(transport=connections) as client:
            for number in range(MOST_NAMES + 2):
                await download(client, f"https://n{number}.idp.example:{port}/", "127.0.0.1")
            assert len(connections._by_name) == MOST_NAMES

    play(site, script)
    assert len(site.heads) == MOST_NAMES + 2
