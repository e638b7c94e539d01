"""`valkeys://`: nobody is asked, or told a password, whose certificate is not verified."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import pytest

from certificate_authority import Authority
from hotgate.store.errors import StoreUnavailable
from hotgate.store.valkey_connection import Servers, ValkeyConnection
from valkey_server import PASSWORD, ValkeyServer, valkey_server

AUTHORITY = Authority()


@asynccontextmanager
async def behind_tls(server: ValkeyServer, name: str, folder: Path) -> AsyncIterator[str]:
    """The URL of the server behind TLS, with a certificate for a name."""
    AUTHORITY.issue(name).save(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data)
        writer.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_unix_connection(str(server.socket))
        await asyncio.gather(carry(reader, forth), carry(back, writer))

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context) as listening:
        yield f"valkeys://:{PASSWORD}@localhost:{listening.sockets[0].getsockname()[1]}/0"


@pytest.mark.parametrize(
    ("name", "is_trusted", "is_used"),
    [("localhost", True, True), ("localhost", False, False), ("another.example", True, False)],
)
def test_only_a_server_with_a_verified_certificate_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, *, is_trusted: bool, is_used: bool
) -> None:
    (tmp_path / "ca.pem").write_text((AUTHORITY if is_trusted else Authority("other")).pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))

    async def run() -> None:
        with valkey_server() as server:
            async with behind_tls(server, name, tmp_path) as url:
                connection = ValkeyConnection(Servers(url), connect=30.0, answer=30.0)
                expected = nullcontext() if is_used else pytest.raises(StoreUnavailable, match="ConnectionError")
                with expected:
                    async with connection.asked() as valkey:
                        assert await valkey.ping()
                await connection.close()

    asyncio.run(run())
