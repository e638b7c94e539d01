"""Nobody is told a password whose certificate is not verified; questions take turns; nothing stays open."""

import asyncio
import gc
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from pathlib import Path

import pytest
from redis.crc import key_slot

from certificate_authority import Authority
from hotgate.store.errors import StoreUnavailable
from hotgate.store.valkey_connection import CONNECTIONS, Servers, ValkeyConnection
from valkey_server import PASSWORD, ValkeyServer, valkey_server
from valkey_servers import Server, cluster_of_three, watched_pair

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


async def ask_all_at_once(servers: Servers) -> None:
    """More questions than there are connections."""
    connection = ValkeyConnection(servers, connect=5, answer=5)

    async def ask() -> None:
        async with connection.asked() as valkey:
            assert await valkey.get("nothing") is None

    await asyncio.gather(*(ask() for _ in range(4 * CONNECTIONS)))
    await connection.close()


def test_more_questions_than_connections_behind_a_sentinel() -> None:
    with watched_pair() as (_, _, sentinel):
        sentinels = (("127.0.0.1", sentinel.port),)
        asyncio.run(ask_all_at_once(Servers(f"valkey://:{PASSWORD}@main/0", sentinels=sentinels)))
    gc.collect()  # what is still open warns, and a warning is an error


MOVED = 10  # slots: more than the driver follows by default before it hangs up everywhere


def key_of(slots: range, number: int) -> str:
    """A key that belongs to one of these slots."""
    return next(key for index in range(100_000) if key_slot((key := f"{number}-{index}").encode()) in slots)


def move(key: str, servers: list[Server], to: Server) -> None:
    """Let another server have the slot of a key, as it is without keys."""
    with to.client as client:
        name = client.execute_command("CLUSTER", "MYID")
    for server in servers:
        with server.client as client:
            client.execute_command("CLUSTER", "SETSLOT", key_slot(key.encode()), "NODE", name)


def test_slots_that_move_end_no_question_under_way() -> None:
    """They may be about other slots of the same servers."""

    async def script(servers: list[Server]) -> None:
        connection = ValkeyConnection(Servers(servers[0].cluster_url, is_cluster=True), connect=5, answer=5)
        waited, moved = key_of(range(5461, 10_923), 0), [key_of(range(5461), number) for number in range(MOVED)]

        async def ask(*words: str) -> object:
            async with connection.asked() as valkey:
                return await valkey.execute_command(*words)

        await ask("GET", moved[0])
        under_way = asyncio.ensure_future(ask("BLPOP", waited, "0"))
        await asyncio.to_thread(servers[1].wait_for_blocked_client)
        for key in moved:
            await asyncio.to_thread(move, key, servers, servers[2])
            assert await ask("GET", key) is None
        assert await ask("RPUSH", waited, "there") == 1
        assert await under_way == (waited.encode(), b"there")
        await connection.close()

    with cluster_of_three() as servers:
        asyncio.run(script(servers))
