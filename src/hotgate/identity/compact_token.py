"""The outer form of a signed token: JWS compact serialization (RFC 7515 §7.1). Nothing here is trusted yet."""

from typing import Any

from hotgate.identity import base64url, strict_json
from hotgate.identity.public_key import MAX_KID_LENGTH
from hotgate.identity.refusal import CredentialRefused

# RFC 7519 §5.1 and RFC 9068 §2.1; "application/" may be left out (RFC 7515 §4.1.9). Tokens made for something else,
# such as "logout+jwt" or "dpop+jwt", must not pass as access tokens (RFC 8725 §3.11).
_ACCEPTED_TYPES = frozenset({"jwt", "at+jwt", "application/jwt", "application/at+jwt"})


class CompactToken:
    """algorithm and kid: what the header says. signing_input: what was signed. payload: bytes, not parsed."""

    __slots__ = ("algorithm", "kid", "payload", "signature", "signing_input")

    def __init__(self, token: bytes) -> None:
        """Take `token`, of bounded size, apart. Raises CredentialRefused (token-malformed)."""
        segments = token.split(b".", 3)
        if len(segments) != 3:
            raise _malformed("not three segments")
        self.signing_input = token[: token.rindex(b".")]
        self.signature = _decoded(segments[2])
        self.payload = _decoded(segments[1])
        header = parsed_object(_decoded(segments[0]), "header")
        _check_header(header)
        self.algorithm: str = header["alg"]
        self.kid: str | None = header.get("kid")

    def unverified_claims(self) -> dict[str, Any]:
        """What the token claims. Raises CredentialRefused (token-malformed)."""
        return parsed_object(self.payload, "payload")


def parsed_object(text: bytes, part: str) -> dict[str, Any]:
    """The JSON object in one part of a token. Raises CredentialRefused (token-malformed)."""
    try:
        return strict_json.parse_object(text)
    except ValueError as error:
        # A decoding error quotes the text it could not decode: only our own sentences go to the log.
        reason = "not UTF-8 JSON" if type(error) is not ValueError else str(error)
        raise _malformed(f"{part}: {reason}") from None


def _check_header(header: dict[str, Any]) -> None:
    """`jku`, `x5u`, `jwk` and `x5c` are never read: keys come from the configured set alone (RFC 8725 §3.10). Some
    providers put them into every token, so that refusing them would refuse good tokens."""
    if "crit" in header or "b64" in header:
        raise _malformed("a critical header extension")  # RFC 7515 §4.1.11: none is understood here
    if not isinstance(header.get("alg"), str):
        raise _malformed("no alg")
    kid = header.get("kid", "")
    if not isinstance(kid, str) or len(kid) > MAX_KID_LENGTH:
        raise _malformed("its kid is not a short string")
    token_type = header.get("typ", "JWT")
    if not isinstance(token_type, str) or token_type.lower() not in _ACCEPTED_TYPES:
        raise _malformed("its typ is not that of an access token")


def _decoded(segment: bytes) -> bytes:
    try:
        return base64url.decode(segment)
    except ValueError:
        raise _malformed("a segment is not base64url") from None


def _malformed(log_detail: str) -> CredentialRefused:
    return CredentialRefused("token-malformed", log_detail)
