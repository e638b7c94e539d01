"""Questions to Valkey take turns, and nothing stays open: not to sentinels either."""

import asyncio
import gc

from hotgate.store.valkey_connection import CONNECTIONS, Servers, ValkeyConnection
from valkey_server import PASSWORD
from valkey_servers import watched_pair


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
