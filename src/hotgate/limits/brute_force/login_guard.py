"""Brute force, as one worker sees it: who fails how often, who waits for that, and who is banned.

It counts by itself, so it protects without the control process too; that one adds up what all workers have seen
(`runtime/desks/ban_desk.py`). Addresses may be banned. A credential may not: whoever knows its name could then lock out
its owner. Failures with one credential from many addresses only make further *failures* with it slower.
"""

import ipaddress
from collections import deque
from collections.abc import Mapping
from typing import Any

from hotgate.config.brute_force import BruteForce
from hotgate.http.forwarded import TrustedProxies
from hotgate.limits.address_key import address_key
from hotgate.limits.brute_force.bans import MAX_BANS, Bans, shown_network
from hotgate.limits.brute_force.failure_counts import FailureCounts
from hotgate.limits.concurrency.waiting_room import WaitingRoom
from hotgate.observe.log import security_event
from hotgate.observe.login_failures import LoginFailures

MAX_ADDRESSES = 50_000
MAX_CREDENTIALS = 50_000
MAX_DELAYED = 256
MAX_REPORTED = 1000  # keys in one report
MAX_UNREPORTED = 10_000

_DELAY_STEP = 0.25  # seconds for each failure more; no less than the tick
_LONGEST_DELAY = 5.0


class LoginGuard:
    """bans: by `address_key`; the same object for ever. now: monotonic seconds, set by the tick."""

    def __init__(self, metrics: LoginFailures | None = None, now: float = 0.0) -> None:
        self.bans = Bans()
        self.now = now
        self.metrics = metrics or LoginFailures()
        self.waiting = WaitingRoom(MAX_DELAYED)
        self._addresses = FailureCounts(MAX_ADDRESSES)
        self._credentials = FailureCounts(MAX_CREDENTIALS)
        self._unreported: dict[str, int] = {}
        # Bans that the control process has not been told of. While it is gone, the oldest make room, as in `bans`.
        self._untold: deque[str] = deque(maxlen=MAX_BANS)
        self.follow(BruteForce())

    def follow(self, settings: BruteForce) -> None:
        """Put settings into force. Bans of those who are now exempt end."""
        self._settings = settings
        self._per_second = settings.ban_after / settings.window
        self._exempt = TrustedProxies(settings.exempt)
        self.bans.follow(settings)
        if not settings.enabled:
            self._addresses.clear()
            self._credentials.clear()
            self._unreported.clear()

    def counts(self, client: str) -> bool:
        """Whether failures of this client count. Clients without an address cannot be told apart, so theirs do not."""
        return self._settings.enabled and _is_address(client) and not self._exempt.trusts(client)

    def failed(self, client: str, credential: str) -> float:
        """Count a failure of a client that counts. credential: a public name or digest of what was sent, "" for none.

        Returns for how many seconds to wait with the answer.
        """
        key = address_key(client)
        level = self._addresses.add(key, 1, self.now, self._per_second)
        if key in self._unreported or len(self._unreported) < MAX_UNREPORTED:
            self._unreported[key] = self._unreported.get(key, 0) + 1
        if level >= self._settings.ban_after:
            self._ban(key)
        elif credential:
            level = max(level, self._credentials.add(credential, 1, self.now, self._per_second))
        return min(_LONGEST_DELAY, max(0.0, level - self._settings.delay_after) * _DELAY_STEP)

    def tick(self, now: float) -> None:
        """Call every 250 ms."""
        self.now = now
        self.waiting.tick(now)
        self.bans.expire(now)

    def report(self) -> dict[str, Any] | None:
        """What the control process has not heard yet, or None: failures and seconds of new bans, by key."""
        if not self._unreported and not self._untold:
            return None
        counts = {key: self._unreported.pop(key) for key in list(self._unreported)[:MAX_REPORTED]}
        told = [self._untold.popleft() for _ in range(min(MAX_REPORTED, len(self._untold)))]
        bans = {key: self.bans[key] - self.now for key in told if key in self.bans}
        return {"type": "failures", "counts": counts, "bans": bans}

    def authority_found(self) -> None:
        """The control process may be a new one: it is told of every ban again."""
        self._untold.extend(self.bans)

    def hear(self, bans: Mapping[str, float]) -> None:
        """The control process bans for so many seconds, or no longer. Raises TypeError or ValueError.

        Whom it bans is not judged here: it knows the settings in force before a new worker does.
        """
        for key, seconds in dict(bans).items():
            self._addresses.forget(key)
            if float(seconds) <= 0:
                self.bans.pop(key, None)
            else:
                self.bans.impose(key, self.now + float(seconds))

    def _ban(self, key: str) -> None:
        self._addresses.forget(key)
        self._untold.append(key)
        if self.bans.impose(key, self.now + self._settings.ban):
            security_event("address-banned", address=shown_network(key), seconds=self._settings.ban)


def _is_address(client: str) -> bool:
    try:
        ipaddress.ip_address(client.partition("%")[0])
    except ValueError:
        return False
    return True
