"""A control process for proofs, in this process: its desk, and the worker's side of it, joined without a socket."""

import asyncio
import time
from typing import Any

from dpop_client import DpopClient
from hotgate.identity.verification_keys.key_sets import key_set_name
from hotgate.runtime.desks.proofs import Proofs
from hotgate.runtime.worker_process.proof_uses import ProofUses
from hotgate.runtime.worker_process.questions import Unanswered
from hotgate.testing.issuer import Issuer
from wire.message import Message
from wire.samples import OK, get
from wire.scenario import Wire

ISSUER = Issuer()
URL = "https://idp.test/jwks"
ORIGIN = "http://a.example"


def entry(*, single_use: bool = False, **dpop: Any) -> dict[str, Any]:
    """A jwt entry that wants proofs."""
    jwt = {"issuer": ISSUER.name, "audience": "api", "jwks_url": URL, "algorithms": ["ES256"]}
    return {"jwt": {**jwt, "single_use": single_use, "dpop": dpop}}


def behind(identity: dict[str, Any], *proofs: Any, **route: Any) -> dict[str, Any]:
    """Keys of a scenario with one route on a.example; proofs: what it wants, if not just "corp"."""
    match = {"path": "/*", "hosts": ["a.example"]}
    known = {"corp": identity} if "jwt" in identity else identity
    only = {"public": False, "match": match, "authenticate": list(proofs) or ["corp"], **route}
    return {"route": only, "settings": {"identity": known}}


class Desk:
    """started: seconds ago. is_there: whether it answers. may_answer: when it does."""

    def __init__(self, wire: Wire, *, started: float = 3600.0) -> None:
        self.wire = wire
        self.is_there = True
        self.may_answer = asyncio.Event()
        self.may_answer.set()
        self.uses = ProofUses(self._ask)
        self.asked: list[str] = []
        self.restart(started)
        wire.gateway.services.update(proof_uses=self.uses, ask=self._ask)
        wire.gateway.reconfigure(wire.gateway.configuration)
        for name in wire.gateway.compiled.config.identity:
            wire.gateway.services["key_sets"].replace(key_set_name(name, URL), ISSUER.jwks())

    def restart(self, started: float = 0.0, *, has_predecessor: bool = False) -> None:
        """Another control process, which began so many seconds ago."""
        clock = lambda: time.time() - started  # noqa: E731
        self.proofs = Proofs(self.uses.hear, clock=clock, has_predecessor=has_predecessor)
        self.proofs._clock = time.time
        self.uses.hear(self.proofs.message)

    @property
    def nonce(self) -> str:
        """The newest."""
        return str(self.proofs.message["nonces"][0])

    async def _ask(self, about: str, body: Any) -> Any:
        self.asked.append(about)
        await self.may_answer.wait()
        if not self.is_there:
            raise Unanswered("gone")
        return await self.proofs.claim(body) if about == "proofs" else True


def token(client: DpopClient | None, **changes: Any) -> bytes:
    """An access token, bound to the key of a client if there is one."""
    claims = {"iss": ISSUER.name, "aud": "api", "sub": "ada", "exp": int(time.time()) + 600, "jti": "t1"}
    confirmation = {} if client is None else {"cnf": client.confirmation}
    return ISSUER.token({**claims, **confirmation, **changes})


def fields(access: bytes, proof: bytes | None, scheme: str = "DPoP") -> list[str]:
    """The header fields of a request."""
    proofs = [] if proof is None else [f"DPoP: {proof.decode('latin-1')}"]
    return [f"Authorization: {scheme} {access.decode()}", *proofs]


def asking(client: DpopClient, access: bytes, target: str = "/", **changes: Any) -> bytes:
    """A GET with a new proof, in which `changes` are as for `DpopClient.proof`."""
    proof = client.proof(access, time.time(), htu=f"{ORIGIN}{target}", **changes)
    return get(target, *fields(access, proof))


async def exchange(wire: Wire, request: bytes) -> tuple[Message, Message]:
    """(what the backend got, what the client got) of a request that must reach the backend."""
    client = await wire.send(request)
    backend = await wire.backend.only()
    received = await backend.message()
    backend.send(OK)
    answer = await client.message()
    client.close()
    return received, answer
