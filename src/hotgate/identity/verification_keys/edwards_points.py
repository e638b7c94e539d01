"""Points of Edwards curves that are no keys: with one of small order, one signature is good for any message.

RFC 8032 §8.8 and "Taming the many EdDSAs" (Chalkias, Garillot, Nikolaenko 2020), section 3. No honest key is such a
point, so nothing is lost by refusing them.
"""

_P25519 = 2**255 - 19
_P448 = 2**448 - 2**224 - 1
_ORDER_8 = 2707385501144840649318225287225658788936804267575313519463743609750303402022  # y of the points of order 8

# A point is encoded as y, and the sign of x in the highest bit (RFC 8032 §5.1.2, §5.2.2): length, prime, forbidden y.
_CURVES = {
    "Ed25519": (32, _P25519, frozenset({0, 1, _P25519 - 1, _ORDER_8, _P25519 - _ORDER_8})),
    "Ed448": (57, _P448, frozenset({0, 1, _P448 - 1})),
}


def has_small_order(curve: str, point: bytes) -> bool:
    """Whether an encoded point has small order, in any of its encodings, canonical or not."""
    length, prime, forbidden = _CURVES[curve]
    y = int.from_bytes(point, "little") & ((1 << (8 * length - 1)) - 1)
    return y % prime in forbidden
