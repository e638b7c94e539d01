"""A token that is bound to a key (`cnf.jkt`, RFC 9449 §6): each request brings a new proof that its sender has it."""

from collections.abc import Awaitable
from hashlib import blake2b

from hotgate.http.response import Response
from hotgate.identity.confirmation import Refusal, Stage
from hotgate.identity.dpop.proof import Binding
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.dpop.proof_of_possession import ProofOfPossession

_HOLDER_BYTES = 8


class KeyBinding:
    """The demand of one token. principal: whose it is, and on whose account proofs are remembered."""

    __slots__ = ("_binding", "_holder", "_possession")

    stage = Stage.PROOF

    def __init__(self, possession: ProofOfPossession, binding: Binding, principal: Principal) -> None:
        self._possession = possession
        self._binding = binding
        holder = f"{principal.provider} {principal.subject}".encode("utf-8", "surrogatepass")
        self._holder = blake2b(holder, digest_size=_HOLDER_BYTES).digest()

    def refusal(self, exchange: Exchange) -> Response | Awaitable[Refusal]:
        """401 for a bad proof at once; later for one that was used before, or 503 if nobody can tell.

        Only a good proof of the right key is asked about, so nobody else uses one up, or fills the memory of them.
        """
        try:
            proof = self._possession.proof(exchange, self._binding)
        except CredentialRefused as refusal:
            return self._possession.refuse(exchange, refusal)
        return self._possession.first_use(exchange, self._holder, proof)
