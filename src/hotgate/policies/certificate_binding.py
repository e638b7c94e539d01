"""Tokens that are worth something only on their owner's TLS connection (RFC 8705 §3): `cnf` with `x5t#S256`.

Whether a token is bound is found out once, when it is verified. The connection is looked at for each request.
"""

import hmac
import re
from collections.abc import Mapping
from typing import Any

from hotgate.http.response import Response
from hotgate.identity.challenge import bearer_challenge, bearer_refused
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.pipeline.exchange import Exchange

MISMATCH = "token-binding-mismatch"

_thumbprint = re.compile(r"[A-Za-z0-9_-]{43}").fullmatch  # SHA-256 in base64url


def confirmation_of(claims: Mapping[str, Any], *, is_required: bool) -> str | None:
    """The thumbprint that a token is bound to; None for one that anybody may use. Raises CredentialRefused.

    A binding that is not understood (`jkt` of DPoP, a key) is a condition that nobody here checks: such a token is
    refused. To let it pass would turn it into one that whoever steals it can use (RFC 7800 §3.1 asks to reject it).
    """
    if "cnf" not in claims:
        if is_required:
            raise CredentialRefused(MISMATCH, "the token is not bound to a certificate")
        return None
    confirmation = claims["cnf"]
    if not isinstance(confirmation, dict) or set(confirmation) != {"x5t#S256"}:
        members = sorted(confirmation) if isinstance(confirmation, dict) else []
        raise CredentialRefused(MISMATCH, f"cnf is not understood: {members!r:.100}")
    thumbprint = confirmation["x5t#S256"]
    if not isinstance(thumbprint, str) or not _thumbprint(thumbprint):
        raise CredentialRefused(MISMATCH, "x5t#S256 is not a SHA-256 digest in base64url")
    return thumbprint


def binding_refusal(principal: Principal, exchange: Exchange) -> Response | None:
    """401 if the credential is bound to another certificate than the connection's own."""
    certificate = exchange.certificate
    thumbprint = "" if certificate is None else certificate.thumbprint
    if hmac.compare_digest(thumbprint, principal.confirmation or ""):
        return None
    refusal = CredentialRefused(MISMATCH, "the token belongs to another certificate than the connection's")
    return bearer_refused(bearer_challenge(principal.provider), refusal)
