"""The outer form of a signed token: JWS compact serialization (RFC 7515 §7.1). Nothing here is trusted yet."""

from typing import Any

from hotgate.identity.tokens.jose_header import decoded, malformed, media_type, parsed_header, parsed_object

# RFC 7519 §5.1 and RFC 9068 §2.1. Tokens made for something else, such as "logout+jwt" or "dpop+jwt", must not pass as
# access tokens (RFC 8725 §3.11).
ACCESS_TOKEN_TYPES: frozenset[str | None] = frozenset({None, "jwt", "at+jwt"})


class CompactToken:
    """algorithm, kid and type: what the header says. signing_input: what was signed. payload: bytes, not parsed."""

    __slots__ = ("algorithm", "kid", "payload", "signature", "signing_input", "type")

    def __init__(self, token: bytes, types: frozenset[str | None] = ACCESS_TOKEN_TYPES) -> None:
        """Take `token`, of bounded size, apart. Raises CredentialRefused (token-malformed).

        types: what its `typ` may be, in lower case and without "application/".
        """
        segments = token.split(b".", 3)
        if len(segments) != 3:
            raise malformed("not three segments")
        self.signing_input = token[: token.rindex(b".")]
        self.signature = decoded(segments[2])
        self.payload = decoded(segments[1])
        header = parsed_header(segments[0])
        self.algorithm: str = header["alg"]
        self.kid: str | None = header.get("kid")
        self.type = media_type(header, "typ")
        if self.type not in types:
            raise malformed("its typ is that of a token for another purpose")

    def unverified_claims(self) -> dict[str, Any]:
        """What the token claims. Raises CredentialRefused (token-malformed)."""
        return parsed_object(self.payload, "payload")
