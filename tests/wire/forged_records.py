"""TLS 1.3 records that no client library would send, encrypted with the keys of a real connection (RFC 8446 §5.2)."""

import hashlib
import hmac
import ssl
import struct
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from certificate_authority import authority

_HASH = "sha384"
HANDSHAKE, DATA = 22, 23
KEY_UPDATE = b"\x18\0\0\x01\x01"  # and asks for one in return (RFC 8446 §4.6.3)


def logging_context(log: Path) -> ssl.SSLContext:
    """A client's, which writes its secrets down."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cadata=authority().pem)
    context.keylog_filename = str(log)
    return context


class Forger:
    """What the client of a key log sends next. The suite must be TLS_AES_256_GCM_SHA384."""

    def __init__(self, log: Path) -> None:
        lines = [line.split() for line in log.read_text().splitlines() if line.startswith("CLIENT_TRAFFIC_SECRET_0")]
        self._use(bytes.fromhex(lines[-1][2]))

    def record(self, kind: int, content: bytes, *, padding: int = 0) -> bytes:
        """One record."""
        inner = content + bytes([kind]) + bytes(padding)
        header = struct.pack("!BHH", DATA, 0x0303, len(inner) + 16)
        nonce = bytes(a ^ b for a, b in zip(self._iv, self._number.to_bytes(12, "big"), strict=True))
        self._number += 1
        return header + self._aead.encrypt(nonce, inner, header)

    def key_update(self) -> bytes:
        """A record that changes the keys for the next ones."""
        made = self.record(HANDSHAKE, KEY_UPDATE)
        self._use(_expand(self._secret, b"traffic upd", hashlib.new(_HASH).digest_size))
        return made

    def _use(self, secret: bytes) -> None:
        self._secret = secret
        self._aead = AESGCM(_expand(secret, b"key", 32))
        self._iv = _expand(secret, b"iv", 12)
        self._number = 0


def _expand(secret: bytes, label: bytes, length: int) -> bytes:
    """HKDF-Expand-Label without context, one block (RFC 8446 §7.1)."""
    name = b"tls13 " + label
    info = struct.pack("!HB", length, len(name)) + name + b"\0"
    return hmac.digest(secret, info + b"\x01", _HASH)[:length]
