"""Where the endpoint is, and what is sent to it."""

import asyncio
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest

from certificate_authority import authority
from hotgate.config.token_credentials import ClientCredentials
from hotgate.control.download import FetchFailed
from hotgate.control.kept_reading import INTERVAL
from hotgate.control.oauth.token_endpoint import TokenEndpoint

ISSUER = "https://idp.test"
METADATA = f"{ISSUER}/.well-known/openid-configuration"
CLIENT = {"id": "gateway", "secret": "s3cret"}


class Server:
    """metadata: None: none is there."""

    def __init__(self) -> None:
        self.now = 0.0
        self.asked: list[tuple[str, str]] = []
        self.form: dict[str, str] = {}
        self.metadata: dict[str, Any] | None = {"issuer": ISSUER, "token_endpoint": f"{ISSUER}/token"}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append((request.headers["host"], request.url.path))
        if request.method == "GET":
            return streamed(404, {}) if self.metadata is None else streamed(200, self.metadata)
        self.form = dict(parse_qsl(request.content.decode()))
        return streamed(200, {"access_token": "abc", "token_type": "Bearer"})

    def endpoint(self, **settings: Any) -> TokenEndpoint:
        async def resolve(host: str, port: int) -> Sequence[str]:
            return ["127.0.0.1" if host == "inside.test" else "93.184.215.14"]

        wanted = ClientCredentials.model_validate({"client": CLIENT, **settings})
        return TokenEndpoint(wanted, resolve=resolve, transport=httpx.MockTransport(self), clock=lambda: self.now)


def streamed(status: int, document: dict[str, Any]) -> httpx.Response:
    made = httpx.Response(status, json=document)
    return httpx.Response(status, headers=made.headers, stream=httpx.ByteStream(made.content))


async def value(endpoint: TokenEndpoint) -> str:
    return (await endpoint.token({"grant_type": "client_credentials"})).value


def test_an_endpoint_that_is_given_is_called_and_nothing_else() -> None:
    server = Server()
    assert asyncio.run(value(server.endpoint(token_url=f"{ISSUER}/oauth/token"))) == "abc"
    assert server.asked == [("idp.test", "/oauth/token")]
    assert server.form == {"grant_type": "client_credentials"}


def test_metadata_is_read_once_an_hour() -> None:
    async def play() -> None:
        server = Server()
        endpoint = server.endpoint(issuer=ISSUER)
        for _ in range(2):
            await value(endpoint)
        assert [path for _, path in server.asked] == ["/.well-known/openid-configuration", "/token", "/token"]
        server.now += INTERVAL
        server.metadata = None  # it cannot be read any more: the endpoint stays where it was
        assert await value(endpoint) == "abc"

    asyncio.run(play())


def test_a_client_with_a_certificate_calls_where_certificates_are_asked_for() -> None:
    mutual = authority().issue_client("gateway")
    client = {"id": "gateway", "certificate": mutual.pem, "certificate_key": mutual.key_pem}
    server = Server()
    assert server.metadata is not None
    server.metadata["mtls_endpoint_aliases"] = {"token_endpoint": "https://mtls.idp.test/token"}
    asyncio.run(value(server.endpoint(issuer=ISSUER, client=client)))
    assert server.asked[-1] == ("mtls.idp.test", "/token")


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        {"issuer": "https://other.test", "token_endpoint": f"{ISSUER}/token"},
        {"issuer": ISSUER},
        {"issuer": ISSUER, "token_endpoint": "http://idp.test/token"},
        {"issuer": ISSUER, "token_endpoint": "https://inside.test/token"},
        {"issuer": ISSUER, "token_endpoint": 5},
    ],
)
def test_metadata_that_is_not_believed(metadata: dict[str, Any] | None) -> None:
    server = Server()
    server.metadata = metadata
    with pytest.raises(FetchFailed):
        asyncio.run(value(server.endpoint(issuer=ISSUER)))
    assert server.form == {}
