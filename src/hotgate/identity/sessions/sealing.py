"""Sealed text: nobody but the gateway can read or make it, and what was made for one purpose opens for no other.

AES-256-GCM with a random nonce, and a key that HKDF (RFC 5869) derives for each purpose. Nothing is compressed: the
length of a seal would tell of what stands beside secrets in it (CRIME, CVE-2012-4929).
"""

import secrets
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hotgate.identity.base64url import decode, encode
from hotgate.keys.sealing_ring import SealingKey, SealingRingHolder

_VERSION = b"\x01"
_ID, _NONCE, _TAG = 4, 12, 16  # octets
_HEAD = len(_VERSION) + _ID + _NONCE
_MAX_DERIVED = 128  # keys that open without a secret; a ring that turns daily has 90 at most


class CannotSeal(Exception):
    """There are no keys: the control process has not made any."""


class Sealing:
    """purpose: of what is sealed; it is part of the key. now: epoch seconds."""

    def __init__(self, holder: SealingRingHolder, purpose: str, now: Callable[[], float]) -> None:
        self._holder = holder
        self._purpose = purpose.encode()
        self._now = now
        self._derived: dict[str, AESGCM] = {}

    def seal(self, plain: bytes, secret: bytes = b"") -> bytes:
        """Base64url text. secret: needed to open it again, besides the gateway's key. Raises CannotSeal."""
        if self._holder.ring is None:
            raise CannotSeal("there are no sealing keys")
        key = self._holder.ring.sealing_at(self._now())
        head = _VERSION + bytes.fromhex(key.id) + secrets.token_bytes(_NONCE)
        return encode(head + self._cipher(key, secret).encrypt(head[-_NONCE:], plain, head[:-_NONCE]))

    def open(self, sealed: bytes, secret: bytes = b"") -> bytes | None:
        """What was sealed; None for anything that was not sealed so, or with a key that is gone."""
        try:
            content = decode(sealed)
        except ValueError:
            return None
        if len(content) < _HEAD + _TAG or content[:1] != _VERSION or self._holder.ring is None:
            return None
        key = self._holder.ring.find(content[1 : 1 + _ID].hex())
        if key is None:
            return None
        try:
            cipher = self._cipher(key, secret)
            return cipher.decrypt(content[_HEAD - _NONCE : _HEAD], content[_HEAD:], content[: _HEAD - _NONCE])
        except InvalidTag:
            return None

    def _cipher(self, key: SealingKey, secret: bytes) -> AESGCM:
        if secret:
            return self._derive(key, secret)
        known = self._derived.get(key.id)
        if known is None:
            if len(self._derived) >= _MAX_DERIVED:
                self._derived.clear()
            known = self._derived[key.id] = self._derive(key, secret)
        return known

    def _derive(self, key: SealingKey, secret: bytes) -> AESGCM:
        return AESGCM(HKDF(SHA256(), 32, salt=secret, info=self._purpose).derive(key.secret))
