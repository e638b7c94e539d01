"""Signatures by Ed25519: those of RFC 8032, and what is none."""

import pytest

from hotgate.identity.verification_keys.ed25519 import is_signed

# RFC 8032 §7.1, test 2
KEY = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
MESSAGE = bytes.fromhex("72")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)
ORDER = 2**252 + 27742317777372353535851937790883648493


def test_a_signature_is_its_keys() -> None:
    assert is_signed(KEY, MESSAGE, SIGNATURE)


@pytest.mark.parametrize(
    ("message", "signature"),
    [
        (b"\x73", SIGNATURE),
        (b"", SIGNATURE),
        (MESSAGE, SIGNATURE[:-1]),
        (MESSAGE, SIGNATURE + b"\0"),
        (MESSAGE, b""),
        (MESSAGE, bytes(64)),
        (MESSAGE, SIGNATURE[:32] + (int.from_bytes(SIGNATURE[32:], "little") + ORDER).to_bytes(32, "little")),
    ],
)
def test_anything_else_is_none(message: bytes, signature: bytes) -> None:
    """The last one is the same signature in a second spelling (RFC 8032 §8.4)."""
    assert not is_signed(KEY, message, signature)
