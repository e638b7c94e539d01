"""The gateway as a client that proves itself by its certificate (RFC 8705 §2), at a server that asks for one."""

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from certificate_authority import Authority, Issued
from hotgate.config.oauth_client import OAuthClient
from hotgate.control.download import FetchFailed
from hotgate.control.judged_address import Place
from hotgate.control.oauth.client_authentication import ClientAuthentication
from hotgate.control.oauth.endpoint_call import EndpointCaller

SERVERS, CLIENTS = Authority(), Authority("clients")


class Server:
    """Takes certificates of CLIENTS alone. seen: who has asked, and with which form."""

    def __init__(self, folder: Path) -> None:
        SERVERS.issue("idp.test").save(folder)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "server.pem", folder / "server.key")
        self.context.load_verify_locations(cadata=CLIENTS.pem)
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.seen: list[tuple[str, dict[str, list[str]]]] = []

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        (length,) = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        form = parse_qs((await reader.readexactly(length)).decode())
        (((_, name),),) = writer.get_extra_info("peercert")["subject"]
        self.seen.append((name, form))
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}")
        writer.close()

    def call(self, client: dict[str, Any]) -> int:
        """What status a call by this client ends with."""

        async def resolve(host: str, port: int) -> Sequence[str]:
            return ["127.0.0.1"]

        async def calling() -> int:
            server = await asyncio.start_server(self.answer, "127.0.0.1", 0, ssl=self.context)
            place = Place(f"https://idp.test:{server.sockets[0].getsockname()[1]}/token")
            authentication = ClientAuthentication(OAuthClient.model_validate({"ca": [SERVERS.pem], **client}))
            caller = EndpointCaller(authentication, "https://idp.test", resolve=resolve)
            try:
                return (await caller.post(place, {"grant_type": "client_credentials"})).status
            finally:
                await caller.close()
                server.close()

        return asyncio.run(calling())


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


def with_certificate(issued: Issued) -> dict[str, Any]:
    return {"id": "gateway", "certificate": issued.pem, "certificate_key": issued.key_pem}


def test_the_certificate_says_who_calls_and_the_form_says_which_client(server: Server) -> None:
    assert server.call(with_certificate(CLIENTS.issue_client("the-gateway"))) == 200
    assert server.seen == [("the-gateway", {"grant_type": ["client_credentials"], "client_id": ["gateway"]})]


@pytest.mark.parametrize("client", [{"id": "gateway", "secret": "s"}, with_certificate(SERVERS.issue_client("other"))])
def test_without_the_right_certificate_nothing_is_answered(server: Server, client: dict[str, Any]) -> None:
    with pytest.raises(FetchFailed):
        server.call(client)
    assert server.seen == []
