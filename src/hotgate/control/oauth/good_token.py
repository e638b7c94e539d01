"""A token that the gateway holds, and how long it is shown."""

from dataclasses import dataclass, field, replace

from hotgate.control.oauth.issued_token import IssuedToken

_LONGEST_MARGIN = 30.0  # seconds; for clocks that differ, and the time that a request is on its way
_MARGIN = 0.1  # of a lifetime
_WHEN_TO_RENEW = 0.75  # of what is left then: enough for several attempts


@dataclass(frozen=True, slots=True)
class GoodToken:
    """value: for `Authorization: Bearer`. good_until, renew_at: monotonic seconds."""

    value: str = field(repr=False)
    good_until: float
    renew_at: float

    @classmethod
    def issued(cls, token: IssuedToken, asked_at: float) -> "GoodToken":
        """From what was issued to somebody who asked at that time."""
        seconds = token.lifetime - min(_LONGEST_MARGIN, _MARGIN * token.lifetime)
        return cls(token.value, asked_at + seconds, asked_at + _WHEN_TO_RENEW * seconds)

    def until(self, end: float) -> "GoodToken":
        """The same, but not shown any more from then on."""
        return replace(self, good_until=min(self.good_until, end))


class TokenUnavailable(Exception):
    """There is no token now. retry_after: seconds after which there may be one."""

    def __init__(self, reason: str, retry_after: float = 1.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
