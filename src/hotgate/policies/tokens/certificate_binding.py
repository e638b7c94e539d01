"""Tokens that are bound to a client certificate (RFC 8705 §3): whoever steals one can use it on no other connection.

What the token is bound to is read once, when it is verified. The connection is looked at for each request.
"""

import hmac

from hotgate.http.response import Response
from hotgate.identity.challenge import token_refused
from hotgate.identity.confirmation import Stage
from hotgate.identity.refusal import CredentialRefused
from hotgate.pipeline.exchange import Exchange

MISMATCH = "token-binding-mismatch"


class CertificateBinding:
    """thumbprint: of the certificate, as `x5t#S256` has it. challenges: of the entry whose token it is."""

    __slots__ = ("_challenges", "_thumbprint")

    stage = Stage.CONNECTION

    def __init__(self, thumbprint: str, challenges: tuple[str, ...]) -> None:
        self._thumbprint = thumbprint
        self._challenges = challenges

    def refusal(self, exchange: Exchange) -> Response | None:
        """401 on any connection but those of the certificate."""
        certificate = exchange.certificate
        thumbprint = "" if certificate is None else certificate.thumbprint
        if hmac.compare_digest(thumbprint, self._thumbprint):
            return None
        refusal = CredentialRefused(MISMATCH, "the token belongs to another certificate than the connection's")
        return token_refused(self._challenges, refusal)
