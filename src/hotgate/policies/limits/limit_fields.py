"""`RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11), and the older `X-RateLimit-*`.

All limits of an answer stand in one field each. What never changes is encoded when a configuration is compiled.
"""

import math
from collections.abc import Sequence
from functools import lru_cache

from hotgate.config.units import duration_text
from hotgate.http.headers import Field
from hotgate.limits.decision import LimitDecision
from hotgate.limits.limit import Limit
from hotgate.pipeline.exchange import Exchange

_NEARLY_ONE = 1 - 1e-6  # added before cutting: 60 times 1/60 is a little more than 1
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

    def in_units(self, decision: LimitDecision) -> LimitDecision:
        """The same decision, counted in what is told instead of in tokens."""
        if self.tokens == 1:
            return decision
        remaining = decision.remaining // self.tokens
        return LimitDecision(self._in_units, remaining, decision.retry_after, allowed=decision.allowed)

    def figures(self, decision: LimitDecision) -> tuple[int, int]:
        """What is left, and in how many seconds a client should use no more than that: until the bucket is full, but
        never so few that they suggest a higher rate than the limit's (§6, §8.5).

        With 99 of 100 left the bucket is full in a moment, but whoever reads `r=99;t=1` takes it for 99 a second. On a
        refusal it is the moment of Retry-After.
        """
        if not decision.allowed:
            return 0, decision.retry_after
        remaining = max(0, decision.remaining)  # tokens may be out while others of the bucket are owed
        units = max(remaining, self._capacity - remaining)
        return remaining, int(units * self._seconds_per_unit + _NEARLY_ONE)


class _Fields:
    """What a set of limits says together: a field that never changes, and the form of one that does."""

    __slots__ = ("form", "has_legacy", "policy")

    def __init__(self, items: tuple[LimitItem, ...]) -> None:
        told = [item for item in items if item.is_draft]
        self.has_legacy = any(item.is_legacy for item in items)
        self.policy = (b"ratelimit-policy", b", ".join([item.policy for item in told]))
        self.form = b", ".join([item.form for item in told])


_fields_of = lru_cache(maxsize=1024)(_Fields)


def tell_admitted(exchange: Exchange, items: tuple[LimitItem, ...], decisions: Sequence[LimitDecision]) -> None:
    """The fields of a request that passes."""
    fields = _fields_of(items)
    if fields.form:
        if len(items) == 1:  # as most routes have
            figures: tuple[int, ...] = items[0].figures(decisions[0])
        else:
            pairs = zip(items, decisions, strict=True)
            figures = tuple([figure for item, each in pairs if item.is_draft for figure in item.figures(each)])
        _add(exchange, (fields.policy, (b"ratelimit", fields.form % figures)))
    if fields.has_legacy:
        legacy = [(item, each) for item, each in zip(items, decisions, strict=True) if item.is_legacy]
        _add_legacy(exchange, *min(legacy, key=lambda pair: pair[1].remaining / pair[1].quota))


def tell_refused(
    exchange: Exchange, items: tuple[LimitItem, ...], refusing: LimitItem, decision: LimitDecision
) -> None:
    """The fields of a refusal: all policies, but only the limit that is used up; the others have nothing to do with
    the time to wait, and Retry-After must not be earlier than any `t` (§6).
    """
    fields = _fields_of(items)
    _remove(exchange, b"ratelimit")
    if fields.form:
        _add(exchange, (fields.policy,))
    if refusing.is_draft:
        exchange.answer_fields += ((b"ratelimit", refusing.form % refusing.figures(decision)),)
    if refusing.is_legacy:
        _add_legacy(exchange, refusing, decision)


def _add(exchange: Exchange, fields: tuple[Field, ...]) -> None:
    """Add to what limits before these have said: one field each, however many limits there are."""
    if exchange.limits:
        said = dict(exchange.answer_fields)
        fields = tuple((name, b"%b, %b" % (said[name], value) if name in said else value) for name, value in fields)
        for name, _ in fields:
            _remove(exchange, name)
    exchange.answer_fields += fields


def _add_legacy(exchange: Exchange, item: LimitItem, decision: LimitDecision) -> None:
    """Of one limit, for these fields have no place for more: the one of which least is left."""
    remaining, _ = item.figures(decision)
    seconds = decision.reset if decision.allowed else decision.retry_after
    values = (b"%d" % item.quota, b"%d" % remaining, b"%d" % seconds)
    exchange.answer_fields += tuple(zip(_LEGACY, values, strict=True))


def _remove(exchange: Exchange, name: bytes) -> None:
    exchange.answer_fields = tuple(field for field in exchange.answer_fields if field[0] != name)
