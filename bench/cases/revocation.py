"""How long a revoked key goes on being accepted, by any of several workers and on connections that have used it."""

import asyncio
import http.client
import itertools
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.lab import Lab, Running
from bench.load.million_keys import fill_store
from bench.load.wrk import BadRunError
from bench.peers.peer import Peer
from bench.rounds import Probe
from bench.scenario import HOST, PATH
from hotgate.store.store import Store

CASE = "revocation"
_WORKERS = 4
_CONNECTIONS = 32  # so many that every worker has some
_REVOCATIONS = 10  # in each round
_KEYS = 200
_PATIENCE = 10.0  # seconds


def probes(lab: Lab, peer: Peer) -> list[Probe]:
    """One probe of Hotgate, none of others: none of them keeps keys here."""
    if peer.name != "Hotgate":
        return []
    folder = lab.folder / "revoked"
    lines = fill_store(folder, _KEYS).read_text().splitlines()
    keys = [line.partition(": ")[2] for line in lines]
    route = {"name": "api", "match": {"path": "/*"}, "upstream": "api", "authenticate": ["partners"]}
    managed = {"identity": {"partners": {"api_key": {"managed": True}}}, "store": {}, "state_dir": str(folder)}
    scenario = lab.scenario(peer, hotgate={**managed, "routes": [route], "workers": _WORKERS})
    server = lab.keep(peer, scenario, {"X-Api-Key": keys[0]})
    return [Probe(CASE, peer.name, _Revocations(server, folder, iter(keys)))]


class _Revocations:
    """longest: seconds from the end of the write to the first 401 on the last connection, the worst of some."""

    def __init__(self, server: Running, folder: Path, keys: Iterator[str]) -> None:
        self._port = server.scenario.port
        self._url = f"sqlite:///{folder / 'hotgate.db'}"
        self._keys = keys

    def __call__(self) -> Mapping[str, float]:
        return {"longest": max(self._one(key) for key in itertools.islice(self._keys, _REVOCATIONS))}

    def _one(self, key: str) -> float:
        connections = [http.client.HTTPConnection("127.0.0.1", self._port, timeout=5) for _ in range(_CONNECTIONS)]
        try:
            if statuses := {_status(each, key) for each in connections} - {200}:
                raise BadRunError(f"a good key was answered {statuses}")
            asyncio.run(_revoke(self._url, key.split("_")[2]))
            return _until_refused(connections, key)
        finally:
            for each in connections:
                each.close()


def _until_refused(connections: Sequence[http.client.HTTPConnection], key: str) -> float:
    started = time.monotonic()
    for each in connections:  # one after the other: whoever has refused once refuses for good
        while _status(each, key) != 401:
            if time.monotonic() - started > _PATIENCE:
                raise BadRunError("a revoked key is still accepted")
    return time.monotonic() - started


def _status(connection: http.client.HTTPConnection, key: str) -> int:
    connection.request("GET", PATH, headers={"Host": HOST, "X-Api-Key": key})
    answer = connection.getresponse()
    answer.read()
    return answer.status


async def _revoke(url: str, key_id: str) -> None:
    store = await Store.open(url)
    try:
        await store.revoke_key(key_id, "to see how long it takes", time.time())
    finally:
        await store.close()
