"""A call as a client: what is sent, to where, and what is believed of the answer."""

import asyncio
import json
import ssl
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from certificate_authority import authority
from hotgate.config.oauth_client import OAuthClient
from hotgate.control.address_zone import Zone
from hotgate.control.download import MAX_BYTES, FetchFailed
from hotgate.control.judged_address import Place
from hotgate.control.oauth.client_authentication import ClientAuthentication
from hotgate.control.oauth.endpoint_call import Answer, EndpointCaller
from hotgate.keys.signing_key import SigningKey

ISSUER = "https://idp.test"
ENDPOINT = Place("https://idp.test/token")
BY_SECRET = {"id": "gate:way", "secret": "s3cret/+"}


class Server:
    """An authorization server whose answer a test sets. asked: the requests."""

    def __init__(self) -> None:
        self.answer = httpx.Response(200, json={"ok": True})
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return httpx.Response(
            self.answer.status_code, headers=self.answer.headers, stream=httpx.ByteStream(self.answer.content)
        )

    def call(self, client: dict[str, Any], place: Place = ENDPOINT, address: str = "93.184.215.14") -> Answer:
        async def resolve(host: str, port: int) -> Sequence[str]:
            return [address]

        async def calling() -> Answer:
            authentication = ClientAuthentication(OAuthClient.model_validate(client), lambda: 1000.0)
            transport = httpx.MockTransport(self)
            caller = EndpointCaller(authentication, ISSUER, resolve=resolve, transport=transport)
            try:
                return await caller.post(place, {"token": "abc"})
            finally:
                await caller.close()

        return asyncio.run(calling())

    @property
    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.asked[-1].content.decode()).items()}


@pytest.fixture
def server() -> Server:
    return Server()


def test_an_id_and_a_secret_are_encoded_before_they_are_joined(server: Server) -> None:
    answer = server.call(BY_SECRET)

    assert json.loads(answer.body) == {"ok": True}
    assert httpx.BasicAuth("gate%3Away", "s3cret%2F%2B")._auth_header == server.asked[0].headers["authorization"]
    assert server.form == {"token": "abc"}


def test_a_secret_can_stand_in_the_form(server: Server) -> None:
    server.call({**BY_SECRET, "authentication": "client_secret_post"})

    assert server.form == {"token": "abc", "client_id": "gate:way", "client_secret": "s3cret/+"}
    assert "authorization" not in server.asked[0].headers


def test_an_assertion_is_for_the_issuer_and_for_a_minute(server: Server) -> None:
    pem = SigningKey.generate("ES256").pem
    server.call({"id": "gateway", "private_key": pem, "key_id": "mine"})

    form = server.form
    token = jwt.decode(form["client_assertion"], ECKey.import_key(pem))
    assert token.header == {"alg": "ES256", "kid": "mine", "typ": "JWT"}
    assert {**token.claims, "jti": ""} == {
        "iss": "gateway",
        "sub": "gateway",
        "aud": ISSUER,
        "iat": 1000,
        "exp": 1060,
        "jti": "",
    }
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def test_it_goes_to_the_address_that_was_judged(server: Server) -> None:
    server.call(BY_SECRET)

    request = server.asked[0]
    assert (request.url.host, request.headers["host"]) == ("93.184.215.14", "idp.test")
    assert request.extensions["sni_hostname"] == "idp.test"


@pytest.mark.parametrize("other", ["other.example", "idp.example"])
def test_a_connection_is_for_one_host_whoever_else_is_at_its_address(other: str) -> None:
    """A CDN has many hosts at one address. What is for one must not go where only another has proved its name."""
    opened: list[asyncio.StreamWriter] = []

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(writer)
        while head := await reader.read(4096):
            if head.endswith(b"token=abc"):
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        writer.close()

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    async def calling(folder: Path) -> None:
        authority().issue("idp.example").save(folder, "idp")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "idp.pem", folder / "idp.key")
        server = await asyncio.start_server(answering, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        client = OAuthClient.model_validate({**BY_SECRET, "ca": [authority().pem]})
        caller = EndpointCaller(ClientAuthentication(client), ISSUER, resolve=resolve)
        async with server:
            assert (await caller.post(Place(f"https://idp.example:{port}/"), {"token": "abc"})).body == b"{}"
            if other == "idp.example":
                await caller.post(Place(f"https://{other}:{port}/"), {"token": "abc"})
                assert len(opened) == 1
            else:
                with pytest.raises(FetchFailed, match="Hostname mismatch"):
                    await caller.post(Place(f"https://{other}:{port}/"), {"token": "abc"})
            await caller.close()

    with TemporaryDirectory() as folder:
        asyncio.run(calling(Path(folder)))


def test_what_metadata_from_outside_names_does_not_lead_inside(server: Server) -> None:
    with pytest.raises(FetchFailed, match="loopback"):
        server.call(BY_SECRET, Place("https://idp.test/token", Zone.PUBLIC), "127.0.0.1")
    assert server.asked == []


def test_an_error_is_an_answer(server: Server) -> None:
    server.answer = httpx.Response(400, json={"error": "invalid_grant"})

    assert server.call(BY_SECRET).status == 400


def test_what_a_server_sets_for_one_caller_does_not_come_along_with_the_next() -> None:
    """The cookie of a session at its endpoint for user information, say."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, headers={"set-cookie": "session=alice"}, stream=httpx.ByteStream(b"{}"))

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["93.184.215.14"]

    async def calling() -> None:
        client = ClientAuthentication(OAuthClient.model_validate(BY_SECRET))
        caller = EndpointCaller(client, ISSUER, resolve=resolve, transport=httpx.MockTransport(answer))
        for bearer in ("alice", "bob"):
            await caller.get(ENDPOINT, bearer)
        await caller.close()

    asyncio.run(calling())
    assert len(asked) == 2
    assert "cookie" not in asked[1].headers


def test_a_redirect_is_not_followed(server: Server) -> None:
    server.answer = httpx.Response(302, headers={"location": "https://elsewhere.test/"})

    assert server.call(BY_SECRET).status == 302
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, content=b"x" * (MAX_BYTES + 1)),
        httpx.Response(200, headers={"content-encoding": "identity, gzip"}, content=b"x"),
    ],
)
def test_a_huge_or_compressed_answer_is_refused(server: Server, answer: httpx.Response) -> None:
    server.answer = answer

    with pytest.raises(FetchFailed):
        server.call(BY_SECRET)


def test_why_it_cannot_be_reached_is_told_without_its_address(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(self: Server, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"to {request.url}") from ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(Server, "__call__", unreachable)
    with pytest.raises(FetchFailed) as caught:
        server.call(BY_SECRET)
    assert str(caught.value) == "Connection refused"


def test_nothing_shows_what_is_sent_or_answered(server: Server) -> None:
    server.answer = httpx.Response(200, json={"access_token": "hidden"})
    answer = server.call(BY_SECRET)

    assert "hidden" not in repr(answer)
    assert "s3cret" not in repr(ClientAuthentication(OAuthClient.model_validate(BY_SECRET)).credentials(ISSUER))


@pytest.mark.parametrize(
    "client",
    [
        {"id": "x"},
        {"id": "x", "authentication": "private_key_jwt", "secret": "y"},
        {"id": "x", "authentication": "none", "secret": "y"},
        {"id": "x", "secret": "y", "key_id": "z"},
        {"id": "x", "certificate": "-----BEGIN CERTIFICATE-----"},
    ],
)
def test_a_client_says_exactly_how_it_proves_itself(client: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        OAuthClient.model_validate(client)
