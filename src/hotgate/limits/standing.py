"""How one key of a limit stands, for operators and for explanations: looked at, and nothing spent."""

from dataclasses import dataclass

from hotgate.limits.limit import Limit


@dataclass(frozen=True, slots=True)
class Standing:
    """level: tokens that are left, below zero in debt. on_lease: tokens that workers hold besides. retry_after: seconds
    until a request of the cost asked about could pass, 0 if it could now. limited_for: seconds since the first of the
    denials that have not ceased, None if there are none.
    """

    limit: Limit
    key: str
    level: float
    on_lease: int
    retry_after: float
    limited_for: float | None = None
