"""Base64url without padding, with exactly one spelling for every value (RFC 7515 §2, RFC 4648 §3.5)."""

from base64 import urlsafe_b64decode, urlsafe_b64encode


def decode(segment: bytes) -> bytes:
    """The bytes that `segment` stands for. Raises ValueError for padding, white space and any second spelling."""
    decoded = urlsafe_b64decode(segment + b"=" * (-len(segment) % 4))
    # The decoder skips what it does not know and ignores stray low bits; encoding again shows both.
    if encode(decoded) != segment:
        raise ValueError("not canonical base64url")
    return decoded


def encode(value: bytes) -> bytes:
    """The canonical spelling of `value`."""
    return urlsafe_b64encode(value).rstrip(b"=")
