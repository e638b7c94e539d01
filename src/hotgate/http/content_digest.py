"""`Content-Digest` (RFC 9530 §2): the hash of a body in a field, which a signature can cover."""

import hashlib
import hmac
from collections.abc import Iterable

from hotgate.http.structured_fields import parse_dictionary
from hotgate.http.structured_values import InvalidField, Item, write_bare

CONTENT_DIGEST = b"content-digest"
_HASHES = {"sha-512": hashlib.sha512, "sha-256": hashlib.sha256}  # the active ones of its registry (RFC 9530 §5)
DIGEST_KINDS = frozenset(_HASHES)
_MAX_BYTES = 4096  # of the field


class DigestMismatch(ValueError):
    """The body is another one, or no digest of it is of a kind that counts. The text is safe to log."""


def content_digest(body: bytes, algorithm: str = "sha-256") -> bytes:
    """The value of the field. algorithm: sha-256 or sha-512."""
    return b"%b=%b" % (algorithm.encode("ascii"), write_bare(_HASHES[algorithm](body).digest()))


def check_content_digest(values: Iterable[bytes], body: bytes) -> None:
    """Every digest of a known kind must be the body's, and there must be one. Raises DigestMismatch.

    values: of all the fields of that name. Digests of other kinds are ignored, MD5 and SHA-1 among them.
    """
    joined = b", ".join(values)
    if len(joined) > _MAX_BYTES:
        raise DigestMismatch("a Content-Digest that is too long")
    try:
        digests = parse_dictionary(joined)
    except InvalidField as error:
        raise DigestMismatch(f"a Content-Digest that is not well formed: {error}") from None
    known = [(name, member) for name, member in digests.items() if name in _HASHES]
    if not known:
        raise DigestMismatch("no digest by SHA-256 or SHA-512")
    for name, member in known:
        told = member.value if isinstance(member, Item) else None
        if not isinstance(told, bytes) or not hmac.compare_digest(told, _HASHES[name](body).digest()):
            raise DigestMismatch(f"another body than that of its {name}")
