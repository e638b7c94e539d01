"""When a request may be sent once more, and how often all of an upstream's requests may be."""

from dataclasses import dataclass, field

from hotgate.observe.recorder import UpstreamRecorder

# RFC 9110 §9.2.2, and the safe methods of WebDAV (RFC 4918, RFC 5323, RFC 3253) and QUERY.
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PROPFIND", "SEARCH", "REPORT", "QUERY"})
_WINDOW = 10.0  # seconds, as Finagle's


@dataclass(frozen=True, slots=True)
class RetryRules:
    """attempts: how often a request is sent at most. on: classes of failure (`ErrorClass`). statuses: of answers.

    methods: those that a backend may act upon twice. max_body: bytes of a body that are held for another try.
    """

    attempts: int = 2
    on: frozenset[str] = frozenset({"connect"})
    statuses: frozenset[int] = field(default_factory=frozenset)
    methods: frozenset[str] = IDEMPOTENT
    max_body: int = 64 * 1024


class RetryBudget:
    """Retries are a share of what is asked, so that they cannot multiply the load of backends that fail under it.

    `ratio` of the attempts of this window of 10 seconds and the one before, and `per_second` besides. Attempts are
    counted by `recorder` anyway: the budget costs nothing until there is a retry.
    """

    def __init__(self, recorder: UpstreamRecorder, ratio: float = 0.2, per_second: float = 10.0) -> None:
        self._recorder = recorder
        self._ratio = ratio
        self._spare = per_second * _WINDOW
        self._ends = 0.0
        self._spent_before = self._spent = 0
        self._counted_before = self._counted = self._attempts

    @property
    def _attempts(self) -> int:
        return self._recorder.connects + self._recorder.reuses

    def tick(self, now: float) -> None:
        """Begin a new window when it is time."""
        if now >= self._ends:
            self._ends = now + _WINDOW
            self._spent_before, self._spent = self._spent, 0
            self._counted_before, self._counted = self._counted, self._attempts

    def spend(self) -> bool:
        """Take one retry out of the budget. False if there is none left."""
        spent = self._spent_before + self._spent
        first_tries = self._attempts - self._counted_before - spent
        if spent >= self._spare + self._ratio * max(0, first_tries):
            self._recorder.budget_exhausted += 1
            return False
        self._spent += 1
        return True
