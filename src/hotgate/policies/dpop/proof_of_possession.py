"""Proofs of one entry of `identity:`, compiled: verified here, and remembered by the control process when used."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from hotgate.http.response import Response
from hotgate.identity.challenge import proofs_unavailable, token_refused
from hotgate.identity.dpop.proof import Binding, Proof, ProofVerifier
from hotgate.identity.dpop.proof_header import INVALID
from hotgate.identity.dpop.server_nonces import ServerNonces
from hotgate.identity.dpop.target_uri import TargetUri
from hotgate.identity.places.credential_field import only_value
from hotgate.identity.refusal import CredentialRefused
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.dpop.proof_source import PROOF_FIELD
from hotgate.policies.dpop.settings import DpopSettings

_NONCE_FIELD = b"dpop-nonce"
_NONCE_NEEDED = "proof-nonce-required"


class ProofUses(Protocol):
    """What the control process knows of proofs, for a worker (`runtime/worker_process/proof_uses.py`).

    nonces: None before it has said any. `claim` gives True for the first use of a proof, False for others, None if
    nobody can tell. holder: whose proof it is; none of them may fill the memory of all.
    """

    @property
    def nonces(self) -> ServerNonces | None: ...

    def claim(self, holder: bytes, proof: Proof) -> Awaitable[bool | None]: ...


class ProofOfPossession:
    """challenge: that of the scheme DPoP. services: "proof_uses" (ProofUses) and, if it is there, "wall_clock"."""

    def __init__(self, settings: DpopSettings, challenge: str, services: Mapping[str, Any]) -> None:
        self._verifier = ProofVerifier(settings.algorithms, settings.max_age, TargetUri(settings.origins))
        self._needs_nonce = settings.nonce == "required"
        self._challenge = challenge
        self._clock: Callable[[], float] = services.get("wall_clock", time.time)
        self._uses: ProofUses | None = services.get("proof_uses")

    def proof(self, exchange: Exchange, binding: Binding) -> Proof:
        """The proof of a request, good but for whether it was used before. Raises CredentialRefused."""
        presented = only_value(exchange.request.headers.fields, PROOF_FIELD, INVALID)
        if presented is None:
            raise CredentialRefused("proof-missing", "no DPoP field")
        proof = self._verifier.verify(presented, binding, exchange.request, self._clock())
        if (nonces := self._nonces) is not None:
            self._check_nonce(exchange, proof, nonces)
        return proof

    def refuse(self, exchange: Exchange, refusal: CredentialRefused) -> Response:
        """The answer to a bad proof, with the nonce that a better one needs."""
        if self._needs_nonce or refusal.code == _NONCE_NEEDED:
            self._offer_nonce(exchange)
        return token_refused((self._challenge,), refusal)

    async def first_use(self, exchange: Exchange, holder: bytes, proof: Proof) -> Response | None:
        """None if the proof was not used before; from now on it was."""
        if self._uses is None or self._uses.nonces is None:
            return proofs_unavailable("nobody remembers which proofs were used")
        is_first = await self._uses.claim(holder, proof)
        if is_first:
            return None
        if is_first is None:
            return proofs_unavailable("whether the proof was used before is not known")
        return self.refuse(exchange, CredentialRefused("proof-replayed", "its jti was used before"))

    @property
    def _nonces(self) -> ServerNonces | None:
        return None if self._uses is None else self._uses.nonces

    def _check_nonce(self, exchange: Exchange, proof: Proof, nonces: ServerNonces) -> None:
        """Nonces are no secret, so they are compared as any text is."""
        if proof.nonce in nonces.accepted:
            if proof.nonce != nonces.newest and self._needs_nonce:
                self._offer_nonce(exchange)
        elif self._needs_nonce or not nonces.is_of_this_epoch(proof.issued):
            raise CredentialRefused(_NONCE_NEEDED, "no nonce, or not one that is accepted")

    def _offer_nonce(self, exchange: Exchange) -> None:
        if (nonces := self._nonces) is not None:
            exchange.add_answer_fields((_NONCE_FIELD, nonces.newest.encode("ascii")))
