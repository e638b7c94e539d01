"""The outer form of an encrypted token: JWE compact serialization (RFC 7516 §7.1) around a signed one.

Everything that can be known without a key is checked here, before any cryptography.
"""

from typing import Any

from hotgate.identity.encryption.content_encryption import ENCRYPTIONS
from hotgate.identity.tokens.jose_header import decoded, malformed, media_type, parsed_header

_SEGMENTS = 5


class EncryptedToken:
    """header: parsed, not trusted. encrypted_key, vector, ciphertext, tag: octets. associated: what the tag covers too.

    algorithm: how the content key came here (`alg`). encryption: of the content (`enc`), one of ENCRYPTIONS.
    """

    __slots__ = (
        "algorithm",
        "associated",
        "ciphertext",
        "encrypted_key",
        "encryption",
        "header",
        "kid",
        "tag",
        "vector",
    )

    def __init__(self, token: bytes) -> None:
        """Take `token`, of bounded size, apart. Raises CredentialRefused (token-malformed)."""
        segments = token.split(b".", _SEGMENTS)
        if len(segments) != _SEGMENTS:
            raise malformed("not five segments")
        self.associated = segments[0]
        self.encrypted_key, self.vector, self.ciphertext, self.tag = map(decoded, segments[1:])
        self.header: dict[str, Any] = parsed_header(segments[0])
        self.algorithm: str = self.header["alg"]
        self.kid: str | None = self.header.get("kid")
        self.encryption = _encryption(self.header)
        if "zip" in self.header:  # a few bytes become gigabytes (CVE-2024-28176, CVE-2024-33664), and nobody needs it
            raise malformed("compressed")

    def check_is_nested(self) -> None:
        """What is within must be a signed token, not claims that nobody signed (RFC 7519 §5.2). Raises
        CredentialRefused."""
        if media_type(self.header, "cty") != "jwt":
            raise malformed("its cty is not JWT")
        if media_type(self.header, "typ") not in (None, "jwt", "at+jwt"):
            raise malformed("its typ is not that of an access token")


def is_encrypted(token: bytes) -> bool:
    """Whether `token` has the form of an encrypted one: five segments where a signed one has three."""
    return token.count(b".") == _SEGMENTS - 1


def _encryption(header: dict[str, Any]) -> str:
    encryption = header.get("enc")
    if not isinstance(encryption, str) or encryption not in ENCRYPTIONS:
        raise malformed("an enc that is not accepted")
    return encryption
