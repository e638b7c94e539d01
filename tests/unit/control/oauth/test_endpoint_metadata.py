"""Metadata of a server, read as the client that calls it."""

import asyncio
import json
import ssl
from pathlib import Path
from typing import Any

import httpx
import pytest

from certificate_authority import Authority, authority
from hotgate.config.oauth_client import OAuthClient
from hotgate.control.oauth.client_authentication import ClientAuthentication
from hotgate.control.oauth.endpoint_call import EndpointCaller
from hotgate.identity.verification_keys.discovery_location import DiscoveryLocation

NAME = "idp.example"


async def read(folder: Path, ca: str) -> dict[str, Any]:
    """The metadata of a server with a certificate of `authority()`, for a client that believes `ca`."""
    authority().issue(NAME).save(folder, "idp")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "idp.pem", folder / "idp.key")
    body = b""

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if await reader.read(4096):
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))
            await writer.drain()
        writer.close()

    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    async with await asyncio.start_server(answering, "127.0.0.1", 0, ssl=context) as server:
        issuer = f"https://{NAME}:{server.sockets[0].getsockname()[1]}"
        body = json.dumps({"issuer": issuer}).encode()
        client = OAuthClient.model_validate({"id": "gateway", "secret": "s", "ca": [ca]})
        caller = EndpointCaller(ClientAuthentication(client), issuer, resolve=resolve)
        try:
            return (await caller.metadata(DiscoveryLocation(issuer))).document
        finally:
            await caller.close()


def test_it_is_believed_from_the_authorities_of_the_client(tmp_path: Path) -> None:
    assert asyncio.run(read(tmp_path, authority().pem))["issuer"].startswith(f"https://{NAME}")


def test_and_from_no_others(tmp_path: Path) -> None:
    """Whoever could forge it could name another token endpoint."""
    with pytest.raises(httpx.ConnectError):
        asyncio.run(read(tmp_path, Authority().pem))
