"""Each nonce of a signer counts once, whichever worker sees it: the control process remembers those that were used."""

from collections.abc import Awaitable, Mapping
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from hotgate.http.response import Response
from hotgate.identity.challenge import signature_refused, store_unavailable
from hotgate.identity.confirmation import Stage
from hotgate.identity.dpop.server_nonces import ServerNonces
from hotgate.identity.refusal import CredentialRefused
from hotgate.pipeline.exchange import Exchange
from hotgate.store.errors import StoreUnavailable


class SignatureUse(NamedTuple):
    """holder: the key. identity: a digest that only the same key and nonce give. created, ends: epoch seconds."""

    holder: bytes
    identity: bytes
    created: int
    ends: float


class Uses(Protocol):
    """A worker's way to the memory of the control process (`runtime/worker_process/proof_uses.py`)."""

    @property
    def nonces(self) -> ServerNonces | None: ...

    def claim(self, holder: bytes, proof: SignatureUse) -> Awaitable[bool | None]: ...


class SingleUseOfNonces:
    """The demand of every signer of one entry that has its nonces counted (a `Confirmation`).

    services: "proof_uses" (Uses). challenge: of the entry.
    """

    stage = Stage.USE

    def __init__(self, name: str, challenge: str, services: Mapping[str, Any]) -> None:
        self._place = f"signatures.{name}"
        self._challenge = challenge
        self._uses: Uses | None = services.get("proof_uses")

    def expect(self, exchange: Exchange, key: str, nonce: str, created: int, ends: float) -> None:
        """This is what the request will use up once nothing else is missing.

        key: its thumbprint, and not its name in this entry: by something that is not signed, or by a new configuration,
        the same request could come to another entry that knows the key.
        """
        identity = sha256(f"{len(key)}:{key}{nonce}".encode()).digest()
        exchange.state[self._place] = SignatureUse(key.encode("ascii"), identity, created, ends)

    def refusal(self, exchange: Exchange) -> Awaitable[Response | None] | None:
        """None for a signature without a nonce, where it may be so; else an awaitable of the verdict."""
        use: SignatureUse | None = exchange.state.get(self._place)
        return None if use is None else self._verdict(use)

    async def _verdict(self, use: SignatureUse) -> Response | None:
        uses = self._uses
        nonces = None if uses is None else uses.nonces
        if uses is None or nonces is None or nonces.since is None:
            return store_unavailable(StoreUnavailable("nobody remembers which nonces were used"))
        if use.created <= nonces.since:  # it may have been used before whoever remembers was there
            return signature_refused(self._challenge, CredentialRefused("signature-expired", "older than the memory"))
        is_first = await uses.claim(use.holder, use)
        if is_first:
            return None
        if is_first is None:
            return store_unavailable(StoreUnavailable("whether the nonce was used before is not known"))
        return signature_refused(self._challenge, CredentialRefused("signature-replayed", "its nonce was used before"))
