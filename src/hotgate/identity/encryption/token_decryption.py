"""From an encrypted token to the signed one within (RFC 7516 §5.2).

A client learns one thing only: the token is malformed. Which step failed would help it to decrypt somebody else's
token (RFC 8725 §2.3, RFC 7516 §11.5), so a content key that cannot be recovered is replaced by a random one, and the
tag decides.
"""

import secrets
from collections.abc import Sequence

from hotgate.identity.encryption.content_encryption import ENCRYPTIONS, Sealed
from hotgate.identity.encryption.decryption_key import DecryptionKey, DecryptionSecret
from hotgate.identity.encryption.encrypted_token import EncryptedToken, is_encrypted
from hotgate.identity.tokens.jose_header import malformed

AnyKey = DecryptionKey | DecryptionSecret


class TokenDecryption:
    """keys: the gateway's own. algorithms, encryptions: the accepted `alg` and `enc`. is_required: whether a token
    that is only signed is refused."""

    def __init__(
        self, keys: Sequence[AnyKey], algorithms: frozenset[str], encryptions: frozenset[str], *, is_required: bool
    ) -> None:
        self._keys = tuple(keys)
        self._algorithms = algorithms
        self._encryptions = encryptions
        self._is_required = is_required

    def opened(self, token: bytes) -> bytes:
        """The signed token in `token`, which is of bounded size. Raises CredentialRefused (token-malformed)."""
        if not is_encrypted(token):
            if self._is_required:
                raise malformed("not encrypted")
            return token
        encrypted = EncryptedToken(token)
        encrypted.check_is_nested()
        plain = self.decrypted(encrypted)
        if plain is None:
            raise malformed("cannot be decrypted")
        return plain

    def decrypted(self, token: EncryptedToken) -> bytes | None:
        """What is in the token, or None for whatever reason."""
        key = self._key_of(token)
        if key is None or token.encryption not in self._encryptions:
            return None
        size, open_content = ENCRYPTIONS[token.encryption]
        content_key = key.content_key(token, size)
        if content_key is None or len(content_key) != size:
            content_key = secrets.token_bytes(size)
        return open_content(content_key, Sealed(token.vector, token.ciphertext, token.tag, token.associated))

    def _key_of(self, token: EncryptedToken) -> AnyKey | None:
        """The one key that fits, by its name if both have one; several are never tried."""
        if token.algorithm not in self._algorithms:
            return None
        fitting = [key for key in self._keys if key.fits(token)]
        named = [key for key in fitting if token.kid is not None and key.kid == token.kid]
        candidates = named or [key for key in fitting if token.kid is None or key.kid is None]
        return candidates[0] if len(candidates) == 1 else None
