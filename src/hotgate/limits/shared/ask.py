"""What a node asks the counter store about one key, and what it is answered."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from hotgate.limits.limit import Limit
from hotgate.limits.shared.terms import PARTITIONS
from hotgate.limits.sliding_window import SlidingWindow


@lru_cache(maxsize=1024)
def scope_name(scope: str) -> str:
    """What the store calls a limit: 11 characters."""
    return _text(blake2b(scope.encode(), digest_size=8).digest())


def key_name(scope: str, key: str) -> tuple[int, str]:
    """The partition of a key, and what the store calls it: 22 characters. No key can be made to look like another one,
    or be anything but letters, digits, - and _, whatever clients put into it.
    """
    of = scope_name(scope).encode()
    digest = blake2b(key.encode(errors="surrogatepass"), digest_size=16, key=of).digest()
    return digest[0] % PARTITIONS, _text(digest)


def _text(digest: bytes) -> str:
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Ask:
    """name: of the key, as in the store. need: tokens that are waited for. least: with fewer nobody is served. want:
    tokens beyond that. held: what is still here of what was lent. returned: what is given back, beyond that; all else
    that was lent is spent. debt: used without having been lent. refunded: reported as spent, and not used after all.
    spent_at: no later than any of these was spent, in monotonic seconds. is_reset: what was spent is forgotten first.
    """

    limit: Limit
    name: str
    need: int = 0
    least: int = 0
    want: int = 0
    held: int = 0
    returned: int = 0
    debt: int = 0
    refunded: int = 0
    spent_at: float = 0.0
    is_reset: bool = False

    def message(self, spent: float) -> dict[str, Any]:
        """As the script reads it. spent: `spent_at` in the store's time."""
        return {
            "scope": scope_name(self.limit.scope),
            "key": self.name,
            "kind": self.limit.bucket.KIND,
            "capacity": self.limit.capacity,
            "a": self.limit.window if self.limit.bucket is SlidingWindow else self.limit.rate,
            "need": self.need,
            "least": self.least,
            "want": self.want,
            "held": self.held,
            "returned": self.returned,
            "debt": self.debt,
            "refunded": self.refunded,
            "spent": spent,
            "reset": self.is_reset,
        }


@dataclass(frozen=True, slots=True)
class Supply:
    """held: what of before the store still counts as lent. granted: what it has lent besides. remaining: whole tokens
    left for anybody. retry_after: seconds until `least` are there, 0 if nothing was refused.
    """

    held: int
    granted: int
    remaining: int
    retry_after: float
