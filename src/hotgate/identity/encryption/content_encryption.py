"""Decryption of content, always authenticated (RFC 7518 §5). Every failure looks the same: None."""

import hmac
from collections.abc import Callable
from typing import Literal, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.padding import PKCS7

_GCM_VECTOR, _CBC_VECTOR = 12, 16  # octets, RFC 7518 §5.3 and §5.2.2.1
_GCM_TAG = 16  # a shorter tag would be easier to guess


class Sealed(NamedTuple):
    """vector, ciphertext, tag: as the token has them. associated: what is authenticated but not encrypted."""

    vector: bytes
    ciphertext: bytes
    tag: bytes
    associated: bytes


def _gcm(key: bytes, sealed: Sealed) -> bytes | None:
    if len(sealed.vector) != _GCM_VECTOR or len(sealed.tag) != _GCM_TAG:
        return None
    try:
        return AESGCM(key).decrypt(sealed.vector, sealed.ciphertext + sealed.tag, sealed.associated)
    except InvalidTag:
        return None


def _cbc_hmac(digest: str) -> Callable[[bytes, Sealed], bytes | None]:
    def opened(key: bytes, sealed: Sealed) -> bytes | None:
        """The tag first (RFC 7518 §5.2.2.2): padding of what nobody authenticated would be an oracle."""
        half = len(key) // 2
        length = (8 * len(sealed.associated)).to_bytes(8)
        covered = sealed.associated + sealed.vector + sealed.ciphertext + length
        expected = hmac.digest(key[:half], covered, digest)[:half]
        if not hmac.compare_digest(expected, sealed.tag) or len(sealed.vector) != _CBC_VECTOR:
            return None
        return _cbc(key[half:], sealed)

    return opened


def _cbc(key: bytes, sealed: Sealed) -> bytes | None:
    cipher = Cipher(AES(key), CBC(sealed.vector)).decryptor()
    padding = PKCS7(AES.block_size).unpadder()
    try:
        padded = cipher.update(sealed.ciphertext) + cipher.finalize()
        return padding.update(padded) + padding.finalize()
    except ValueError:
        return None


class ContentEncryption(NamedTuple):
    """key_size: octets of the content key. open: key and sealed content → plain text, or None."""

    key_size: int
    open: Callable[[bytes, Sealed], bytes | None]


EncryptionName = Literal["A128GCM", "A256GCM", "A128CBC-HS256", "A256CBC-HS512"]

ENCRYPTIONS: dict[str, ContentEncryption] = {
    "A128GCM": ContentEncryption(16, _gcm),
    "A256GCM": ContentEncryption(32, _gcm),
    "A128CBC-HS256": ContentEncryption(32, _cbc_hmac("sha256")),
    "A256CBC-HS512": ContentEncryption(64, _cbc_hmac("sha512")),
}
