"""Who uses which version: counted in a worker between two reports, and summed by the control process."""

from hotgate.identity.principal import Principal
from hotgate.observe.label import OTHER, label

MAX_CALLERS = 10_000  # of all versions together, between two reports: a message of about a megabyte
GUESTS = "guests"

Uses = dict[str, dict[str, int]]
"""By "api version": caller → requests."""


class VersionUses:
    """A worker's, taken each second."""

    def __init__(self) -> None:
        self._uses: Uses = {}
        self._callers = 0

    def count(self, version: str, principal: Principal | None) -> None:
        """One request. version: "api version"."""
        callers = self._uses.setdefault(version, {})
        name = caller_name(principal)
        if name not in callers:
            name = name if self._callers < MAX_CALLERS else OTHER
            self._callers += 1
        callers[name] = callers.get(name, 0) + 1

    def take(self) -> Uses:
        """What was counted since the last call."""
        uses, self._uses, self._callers = self._uses, {}, 0
        return uses


def caller_name(principal: Principal | None) -> str:
    """The application that calls, or who does; guests are one."""
    if principal is None or principal.is_anonymous:
        return GUESTS
    return label(f"{principal.provider}:{principal.client or principal.subject}")
