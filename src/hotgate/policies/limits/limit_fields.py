"""`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11), and the older `X-RateLimit-*`.

All limits of an answer stand in one field each. What never changes is encoded when a configuration is compiled.
"""

import math
from collections.abc import Iterable
from functools import lru_cache

from hotgate.config.units import duration_text
from hotgate.http.headers import Field, decode_fields, encode_fields
from hotgate.limits.decision import LimitDecision
from hotgate.limits.limit import Limit
from hotgate.pipeline.exchange import Exchange

_NEARLY_ONE = 1 - 1e-6  # added before cutting: 60 times 1/60 is a little more than 1
_POLICY, _LEFT = b"ratelimit-policy", b"ratelimit"
_BEGIN, _BETWEEN = b"ratelimit-policy: ", b"\r\nratelimit: "  # what `LimitFields.tell` writes, encoded
_LEGACY = (b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset")


class LimitItem:
    """One limit as fields tell it. capacity: of its bucket, by default the quota. tokens: of it, for each unit told.

    is_draft, is_legacy: in which fields it is told of. policy: its member of `RateLimit-Policy`. form: that of
    `RateLimit`, with places for what is left and for seconds.
    """

    __slots__ = (
        "_capacity",
        "_in_units",
        "_seconds_per_unit",
        "form",
        "is_draft",
        "is_legacy",
        "name",
        "policy",
        "quota",
        "shown_rate",
        "tokens",
    )

    def __init__(
        self,
        name: str,
        *,
        quota: int,
        window: float,
        capacity: int | None = None,
        tokens: int = 1,
        unit: str = "requests",
        headers: str = "draft",
    ) -> None:
        self.name = name
        self.quota = quota
        self.tokens = tokens
        self.shown_rate = f"{quota} in {duration_text(window)}"
        self.is_draft = headers in ("draft", "both")
        self.is_legacy = headers in ("legacy", "both")
        self._capacity = quota if capacity is None else capacity
        self._seconds_per_unit = window / quota
        self._in_units = Limit("", name=name, quota=quota, window=window, burst=max(1, self._capacity))
        encoded = name.encode("ascii")  # a Name needs no escaping in a String (RFC 9651 §3.3.3), nor in a form
        quota_unit = b';qu="%b"' % unit.encode("ascii") if unit != "requests" else b""  # §3.1.2: the default
        self.policy = b'"%b";q=%d%b;w=%d' % (encoded, quota, quota_unit, max(1, math.ceil(window)))
        self.form = b'"%b";r=%%d;t=%%d' % encoded

    @classmethod
    def of(cls, limit: Limit) -> "LimitItem":
        """A limit whose tokens are requests."""
        return cls(limit.name, quota=limit.quota, window=limit.window, capacity=limit.capacity)

    @property
    def is_told(self) -> bool:
        """Whether clients learn of it before it is used up."""
        return self.is_draft or self.is_legacy

    def decision(self, left: int, retry_after: int = 0, *, allowed: bool = True) -> LimitDecision:
        """What was decided, in what is told instead of in tokens. left: tokens."""
        return LimitDecision(self._in_units, left // self.tokens, retry_after, allowed=allowed)

    def figures(self, left: int) -> tuple[int, ...]:
        """For the places of its form, if clients get it: what is left, and in how many seconds they should use no more
        than that. left: tokens.

        Until the bucket is full, but never so few that they suggest a higher rate than the limit's (§6, §8.5). With 99
        of 100 left the bucket is full in a moment, but whoever reads `r=99;t=1` takes it for 99 a second.
        """
        if not self.is_draft:
            return ()
        remaining = left // self.tokens if left > 0 else 0  # tokens may be out while others of the bucket are owed
        used = self._capacity - remaining
        units = used if used > remaining else remaining  # noqa: FURB136 (`max` is a call, for each limit of each request)
        return remaining, int(units * self._seconds_per_unit + _NEARLY_ONE)


class LimitFields:
    """What is said to whoever passes a set of limits."""

    __slots__ = ("_form", "has_drafts", "has_legacy")

    def __init__(self, items: tuple[LimitItem, ...]) -> None:
        told = [item for item in items if item.is_draft]
        self.has_drafts = bool(told)
        self.has_legacy = any(item.is_legacy for item in items)
        policies, forms = b", ".join([item.policy for item in told]), b", ".join([item.form for item in told])
        self._form = encode_fields([(_POLICY, policies), (_LEFT, forms)]) if told else b""

    def tell(self, exchange: Exchange, figures: tuple[int, ...]) -> None:
        """figures: of all these limits."""
        said, block = exchange.answer_block, self._form % figures
        exchange.answer_block = _joined(said, block) if said else block


fields_of = lru_cache(maxsize=1024)(LimitFields)


def _joined(said: bytes, block: bytes) -> bytes:
    """With what limits before these have said: one field each, however many limits there are."""
    before, found, behind = said.partition(_BETWEEN)
    if not found or not before[before.rfind(b"\n") + 1 :].startswith(_BEGIN):
        return said + block
    left_before, _, rest = behind.partition(b"\r\n")
    policies, _, left = block.removeprefix(_BEGIN).partition(_BETWEEN)
    return b"".join((before, b", ", policies, _BETWEEN, left_before, b", ", left, rest))


def tell_least(exchange: Exchange, left: Iterable[tuple[LimitItem, int]]) -> None:
    """The older fields of a request that passes: they have no place for more than one limit. left: tokens of each."""
    told = [(item, item.decision(tokens)) for item, tokens in left if item.is_legacy]
    item, decision = min(told, key=lambda pair: pair[1].remaining / pair[1].quota)
    exchange.add_answer_fields(*_legacy(item, max(0, decision.remaining), decision.reset))


def tell_refused(exchange: Exchange, items: tuple[LimitItem, ...], refusing: LimitItem, retry_after: int) -> None:
    """The fields of a refusal: all policies, but only the limit that is used up; the others have nothing to do with
    the time to wait, and Retry-After must not be earlier than any `t` (§6).
    """
    block = _refusal(items, refusing) % ((0, retry_after) if refusing.is_draft else ())
    if exchange.answer_block:
        exchange.answer_fields = _without_left(exchange.answer_fields, decode_fields(block))
    else:
        exchange.answer_block = block
    if refusing.is_legacy:
        exchange.add_answer_fields(*_legacy(refusing, 0, retry_after))


@lru_cache(maxsize=1024)
def _refusal(items: tuple[LimitItem, ...], refusing: LimitItem) -> bytes:
    """All policies, and a place for the figures of the limit that refuses, as far as clients get them."""
    policies = [item.policy for item in items if item.is_draft]
    fields = [(_POLICY, b", ".join(policies))] if policies else []
    return encode_fields([*fields, (_LEFT, refusing.form)] if refusing.is_draft else fields)


def _without_left(said: tuple[Field, ...], refusal: tuple[Field, ...]) -> tuple[Field, ...]:
    """The refusal, with the policies of limits that have let pass."""
    policies = [value for name, value in (*said, *refusal) if name == _POLICY]
    others = [field for field in said if field[0] not in (_POLICY, _LEFT)]
    policy = [(_POLICY, b", ".join(policies))] if policies else []
    return (*others, *policy, *[field for field in refusal if field[0] != _POLICY])


def _legacy(item: LimitItem, remaining: int, seconds: int) -> tuple[Field, ...]:
    values = (b"%d" % item.quota, b"%d" % remaining, b"%d" % seconds)
    return tuple(zip(_LEGACY, values, strict=True))
