"""Tickets with which an operator asks a running gateway to explain its answers: short-lived, and sealed by its keys.

A ticket is `hgx_` and the hexadecimal of when it ends, of random bytes and of a MAC over both. Whoever has the ring can
tell a good one from any other, so workers need nobody to ask; and a ring that has turned knows tickets of its old key
for as long as it knows that key.
"""

import hmac
import secrets
import struct

from hotgate.keys.sealing_ring import SealingRing

PREFIX = b"hgx_"
LIFE = 600.0  # seconds
_AHEAD = 60.0  # seconds by which the clock of another node may be ahead
_FACTS = struct.Struct("!Q8s")
_MAC_BYTES = 32
_PURPOSE = b"hotgate explain ticket\0"  # no other use of the key makes the same MAC


def new_ticket(ring: SealingRing, now: float) -> tuple[str, float]:
    """A ticket, and when it ends. now: epoch seconds."""
    ends = int(now + LIFE)
    facts = _FACTS.pack(ends, secrets.token_bytes(8))
    text = _encoded(facts + _mac(ring.sealing_at(now).secret, facts))
    return text.decode("ascii"), float(ends)


def is_good_ticket(ring: SealingRing | None, ticket: bytes, now: float) -> bool:
    """Whether one of these keys has made it and it has not ended. Every key is tried, in constant time."""
    found = _decoded(ticket)
    if ring is None or found is None:
        return False
    facts, mac = found[: _FACTS.size], found[_FACTS.size :]
    is_ours = False
    for key in ring.keys:
        is_ours |= hmac.compare_digest(_mac(key.secret, facts), mac)
    ends = float(_FACTS.unpack(facts)[0])
    return is_ours and now < ends <= now + LIFE + _AHEAD


def _mac(secret: bytes, facts: bytes) -> bytes:
    return hmac.digest(secret, _PURPOSE + facts, "sha256")


def _encoded(content: bytes) -> bytes:
    return PREFIX + content.hex().encode("ascii")


def _decoded(ticket: bytes) -> bytes | None:
    """None for anything but the one spelling that `_encoded` gives."""
    try:
        found = bytes.fromhex(ticket[len(PREFIX) :].decode("ascii"))
    except ValueError:
        return None
    return found if len(found) == _FACTS.size + _MAC_BYTES and _encoded(found) == ticket else None
