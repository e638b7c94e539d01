"""How signing keys take turns: the next one is published before it signs, the last one for a while after."""

from hotgate.keys.key_ring import KeyRing, RingKey
from hotgate.keys.signing_key import SigningKey

# Longer than any backend should keep a set that may be kept for JWKS_MAX_AGE (five minutes; PyJWT and jose keep it
# for five and ten), and than any assertion lives (five minutes), so that no good assertion meets an unknown key.
PUBLISHED_BEFORE = 3600.0  # seconds
PUBLISHED_AFTER = 3600.0


def first_ring(algorithm: str, now: float) -> KeyRing:
    """A ring of one new key, which signs at once: there is no other."""
    return KeyRing([RingKey(SigningKey.generate(algorithm), now)])


def needs_rotation(ring: KeyRing, algorithm: str, period: float, now: float) -> bool:
    """Whether `rotated` would change the ring. period: seconds that a key signs."""
    return _needs_next(ring, algorithm, period, now) or len(_still_published(ring, now)) < len(ring.keys)


def rotated(ring: KeyRing, algorithm: str, period: float, now: float) -> KeyRing:
    """The ring as it should be now: with the next key if one must be published, without those of no more use."""
    kept = KeyRing(_still_published(ring, now))
    return with_next(kept, algorithm, now) if _needs_next(ring, algorithm, period, now) else kept


def with_next(ring: KeyRing, algorithm: str, now: float) -> KeyRing:
    """The ring with a new key that signs as soon as everybody can know it; the same one if such a key waits already."""
    if ring.keys[-1].signs_from > now:
        return ring
    return KeyRing([*ring.keys, RingKey(SigningKey.generate(algorithm), now + PUBLISHED_BEFORE)])


def _needs_next(ring: KeyRing, algorithm: str, period: float, now: float) -> bool:
    newest = ring.keys[-1]
    is_old = now >= newest.signs_from + period - PUBLISHED_BEFORE
    return newest.signs_from <= now and (is_old or newest.key.algorithm != algorithm)


def _still_published(ring: KeyRing, now: float) -> list[RingKey]:
    """Without the keys whose last signature has expired long ago."""
    followers = ring.keys[1:]
    gone = sum(1 for follower in followers if follower.signs_from + PUBLISHED_AFTER <= now)
    return list(ring.keys[gone:])
