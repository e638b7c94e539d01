"""Has the script of shared counters run on a Valkey or Redis server."""

from hashlib import sha1
from importlib.resources import files
from typing import Any

from redis.exceptions import NoScriptError

from hotgate.store.valkey_connection import Servers, ValkeyConnection

CONNECT_SECONDS = 0.5
ANSWER_SECONDS = 0.5  # together less than the second for which a request waits (`limits/lease_client.py`)

SCRIPT = (files("hotgate.store.counters") / "leases.lua").read_text(encoding="utf-8")
_DIGEST = sha1(SCRIPT.encode()).hexdigest()  # noqa: S324 (the server's name for a script; nobody is to be kept out by it)


class ValkeyCounters:
    """prefix: what all keys begin with."""

    def __init__(self, servers: Servers, prefix: str) -> None:
        self._prefix = prefix
        self._connection = ValkeyConnection(servers, connect=CONNECT_SECONDS, answer=ANSWER_SECONDS)

    async def call(self, partition: int, head: str, asks: str) -> Any:
        """One run of the script on one partition: its answer as it came. Raises StoreUnavailable."""
        key = f"{self._prefix}:counters:{{{partition}}}"  # in braces what decides where in a cluster it is
        async with self._connection.asked() as valkey:
            try:
                return await valkey.evalsha(_DIGEST, 1, key, head, asks)
            except NoScriptError:
                return await valkey.eval(SCRIPT, 1, key, head, asks)

    async def close(self) -> None:
        """Hang up."""
        await self._connection.close()
