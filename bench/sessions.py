"""Sessions of people who have logged in, made without a provider: their cookies are sealed with a key that we know."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hotgate.identity.sessions.cookies import PREFIX, spread
from hotgate.identity.sessions.sealing import Sealing
from hotgate.identity.sessions.session import Session
from hotgate.keys.sealing_ring import SealingRing, SealingRingHolder

_ENTRY = "sso"
_CLIENT = "gateway"
_KEY = "the-key-of-the-bench-that-seals-sessions"
_LIFE = 10 * 3600.0  # seconds; nothing is renewed while it is measured
_ISSUER = "https://idp.bench.example"


def logins_of(keys: Path, state: Path) -> dict[str, Any]:
    """Keys of a configuration with an entry for logins, which reads nothing from the network. keys: any key set."""
    endpoints = {"authorization": f"{_ISSUER}/authorize", "token": f"{_ISSUER}/token"}
    entry = {
        "issuer": _ISSUER,
        "client": {"id": _CLIENT, "secret": _KEY},
        "endpoints": endpoints,
        "jwks_file": str(keys),
        "session": {"idle": "10h", "absolute": "12h"},
    }
    return {
        "identity": {_ENTRY: {"oidc": entry}},
        "store": {},
        "state_dir": str(state),
        "sessions": {"keys": [_KEY]},
    }


def cookie_fields(count: int) -> Iterator[str]:
    """The Cookie field of so many sessions, each of another user: claims and tokens as providers give them."""
    holder = SealingRingHolder()
    holder.ring = SealingRing.of_given([_KEY])
    sealing = Sealing(holder, f"session/{_ENTRY} {_CLIENT} {_ISSUER}", time.time)
    for number in range(count):
        session = Session.begun(_found(number), time.time(), _LIFE)
        fields = spread(PREFIX + _ENTRY, sealing.seal(session.encoded()), "lax", ())
        yield "Cookie: " + "; ".join(value.partition(b";")[0].decode("ascii") for _, value in fields)


def _found(number: int) -> dict[str, Any]:
    claims = {
        "iss": _ISSUER,
        "sub": f"user-{number}",
        "sid": f"session-at-the-provider-{number}",
        "email": f"user-{number}@example.com",
        "name": f"User Number {number}",
        "groups": ["staff", "engineering", "on-call"],
    }
    tokens = {"access": "a" * 800, "access_expires": None, "refresh": "r" * 60, "id_token": "i" * 800}
    return {"subject": claims["sub"], "sid": claims["sid"], "claims": claims, "tokens": tokens}
