"""Where a token with a proof of possession stands in a request, and the proof (RFC 9449 §7.1)."""

from collections.abc import Sequence

from hotgate.http.request import Request
from hotgate.identity.dpop.proof_header import INVALID
from hotgate.identity.places.credential_field import only_value, token_of
from hotgate.identity.places.credential_source import BearerSource, CredentialSource, HeaderSource
from hotgate.identity.places.scheme_source import SchemeSource

PROOF_FIELD = b"dpop"

_AUTHORIZATION = b"authorization"
_MALFORMED = "token-malformed"
_SCHEME = b"dpop"


def is_dpop(authorization: bytes) -> bool:
    """Whether a value of `Authorization` has the scheme DPoP."""
    return authorization[: len(_SCHEME) + 1].lower() == _SCHEME + b" "


class DpopFinder:
    """As `BearerFinder`, for tokens of both schemes. The proof is stripped with the token: it is for nobody else."""

    sources: Sequence[CredentialSource] = (
        BearerSource(),
        SchemeSource(_AUTHORIZATION, "DPoP", _MALFORMED),
        HeaderSource(PROOF_FIELD, INVALID),
    )

    def find(self, request: Request) -> bytes | None:
        """The whole value of the field."""
        return only_value(request.headers.fields, _AUTHORIZATION, _MALFORMED)

    def token(self, found: bytes) -> bytes | None:
        """The token, or None for a third scheme."""
        return token_of(found, _SCHEME if is_dpop(found) else b"bearer")
