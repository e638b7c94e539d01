"""A download from a chosen address: TLS still proves the name, over a real socket."""

import asyncio
import ssl
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from certificate_authority import authority
from hotgate.control.download import Document, download
from hotgate.control.http_client import http_client

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nCache-Control: max-age=60\r\n\r\n{}"


class Site:
    """A server on this machine with a certificate for `name`. heads: what it was asked; names: SNI."""

    def __init__(self, name: str) -> None:
        self.heads: list[bytes] = []
        self.names: list[str] = []
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.sni_callback = lambda _socket, asked, _context: self.names.append(asked)
        self.name = name

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


def fetched(site: Site, folder: Any, *urls: Callable[[int], str], address: str = "127.0.0.1") -> Document:
    async def play() -> Document:
        authority().issue(site.name).save(folder, "site")
        site.context.load_cert_chain(folder / "site.pem", folder / "site.key")
        server = await asyncio.start_server(site.answer, "127.0.0.1", 0, ssl=site.context)
        trusted = ssl.create_default_context(cadata=authority().pem)
        port = server.sockets[0].getsockname()[1]
        async with server, http_client(trusted) as client:
            return [await download(client, url(port), address) for url in urls][-1]

    return asyncio.run(play())


def test_the_name_is_proved_although_the_address_was_chosen(tmp_path: Any) -> None:
    site = Site("idp.example")
    document = fetched(site, tmp_path, lambda port: f"https://idp.example:{port}/keys?x=1")
    assert document == Document(b"{}", 60.0)
    assert site.names == ["idp.example"]
    head = site.heads[0].lower()
    assert head.startswith(b"get /keys?x=1 http/1.1\r\n")
    assert b"\r\nhost: idp.example:" in head


def test_another_site_at_the_address_is_noticed(tmp_path: Any) -> None:
    site = Site("other.example")
    with pytest.raises(httpx.ConnectError, match="Hostname mismatch"):
        fetched(site, tmp_path, lambda port: f"https://idp.example:{port}/keys")
    assert site.heads == []


def test_a_site_that_has_proved_its_name_has_not_proved_that_of_another_at_its_address(tmp_path: Any) -> None:
    site = Site("idp.example")
    with pytest.raises(httpx.ConnectError, match="Hostname mismatch"):
        fetched(
            site,
            tmp_path,
            lambda port: f"https://idp.example:{port}/keys",
            lambda port: f"https://other.example:{port}/keys",
        )
    assert len(site.heads) == 1
