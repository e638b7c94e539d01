"""Which demands a token makes of its sender: read from its `cnf` when it is verified, met by each request.

Any mechanism for tokens uses it: it gives the challenges, and the `confirmations` of each principal.
"""

import re
from collections.abc import Mapping
from typing import Any

from hotgate.identity.challenge import bearer_challenge, dpop_challenge
from hotgate.identity.confirmation import Confirmation
from hotgate.identity.dpop.proof import Binding, token_hash
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.policies.dpop.key_binding import KeyBinding
from hotgate.policies.dpop.proof_of_possession import ProofOfPossession
from hotgate.policies.dpop.proof_source import is_dpop
from hotgate.policies.tokens.certificate_binding import MISMATCH, CertificateBinding
from hotgate.policies.tokens.sender_settings import SenderSettings

_CERTIFICATE, _KEY = "x5t#S256", "jkt"
_thumbprint = re.compile(r"[A-Za-z0-9_-]{43}").fullmatch  # SHA-256 in base64url


class SenderConstraint:
    """One entry's, compiled. challenges: what its clients are told, by scheme; the best first."""

    def __init__(self, realm: str, settings: SenderSettings, services: Mapping[str, Any]) -> None:
        dpop = settings.dpop
        self.challenges = _challenges(realm, settings)
        self._needs_certificate = settings.certificate_bound == "required"
        self._needs_key = dpop is not None and dpop.required
        self._possession = None if dpop is None else ProofOfPossession(dpop, self.challenges[0], services)
        self._understood = {_CERTIFICATE} if dpop is None else {_CERTIFICATE, _KEY}

    def confirmations(self, principal: Principal, found: bytes, token: bytes) -> tuple[Confirmation, ...]:
        """What a good token demands, in order; nothing of one that anybody may send. Raises CredentialRefused.

        found: what the token was found in, as a `TokenFinder` gives it.
        """
        bound_to = _bound_to(principal.claims, self._understood)
        certificate, key = bound_to.get(_CERTIFICATE), bound_to.get(_KEY)
        if certificate is None and self._needs_certificate:
            raise CredentialRefused(MISMATCH, "the token is not bound to a certificate")
        demands: list[Confirmation] = []
        if certificate is not None:
            demands.append(CertificateBinding(certificate, self.challenges))
        self._check_scheme(key, found)
        if self._possession is not None and key is not None:
            demands.append(KeyBinding(self._possession, Binding(key, token_hash(token)), principal))
        return tuple(demands)

    def _check_scheme(self, key: str | None, found: bytes) -> None:
        """A token comes by the scheme for proofs if it is bound to a key, and only then: a thief would say `Bearer`
        and leave the proof away (RFC 9449 §7.1). Raises CredentialRefused."""
        if key is None and (self._needs_key or is_dpop(found)):
            raise CredentialRefused(MISMATCH, "the token is not bound to a key")
        if key is not None and not is_dpop(found):
            raise CredentialRefused(MISMATCH, "the token is bound to a key, and was sent without the scheme DPoP")


def _challenges(realm: str, settings: SenderSettings) -> tuple[str, ...]:
    if settings.dpop is None:
        return (bearer_challenge(realm),)
    proof = dpop_challenge(realm, settings.dpop.algorithms)
    return (proof,) if settings.dpop.required else (proof, bearer_challenge(realm))


def _bound_to(claims: Mapping[str, Any], understood: set[str]) -> dict[str, str]:
    """The thumbprints that a token is bound to, by kind. Raises CredentialRefused.

    A binding that is not understood is a condition that nobody here checks: such a token is refused. To let it pass
    would turn it into one that whoever steals it can use (RFC 7800 §3.1 asks to reject it).
    """
    if "cnf" not in claims:
        return {}
    confirmation = claims["cnf"]
    members = sorted(confirmation) if isinstance(confirmation, dict) else []
    if not members or not understood.issuperset(members):
        unchecked = ", ".join(sorted(set(members) - understood)) or "nothing"
        raise CredentialRefused(MISMATCH, f"cnf holds what this entry does not check: {unchecked:.100}")
    for kind, thumbprint in confirmation.items():
        if not isinstance(thumbprint, str) or not _thumbprint(thumbprint):
            raise CredentialRefused(MISMATCH, f"{kind} is not a SHA-256 digest in base64url")
    return dict(confirmation)
