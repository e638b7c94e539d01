"""What all workers know of brute force together: their failures are summed here, and bans told to every one of them.

Workers ban by what they have seen themselves (`limits/brute_force/login_guard.py`); an attacker whose connections are
spread over them is found here. A control process that has just started learns of earlier bans from the workers.
"""

from collections.abc import Callable
from typing import Any

from hotgate.config.brute_force import BruteForce
from hotgate.limits.address_key import address_key
from hotgate.limits.brute_force.bans import Bans, chunks, shown_network
from hotgate.limits.brute_force.failure_counts import FailureCounts
from hotgate.limits.brute_force.login_guard import MAX_ADDRESSES
from hotgate.observe.log import security_event
from hotgate.runtime.workers.channel import Message
from hotgate.runtime.workers.worker_handle import WorkerHandle

MAX_SHOWN = 1000


class BanDesk:
    """now: monotonic seconds. broadcast: sends to every worker."""

    def __init__(self, now: Callable[[], float], broadcast: Callable[[Message], None]) -> None:
        self._now = now
        self._broadcast = broadcast
        self._settings = BruteForce()
        self._failures = FailureCounts(MAX_ADDRESSES)
        self._bans = Bans()

    def follow(self, settings: BruteForce) -> None:
        """A configuration is in force. Workers follow it by themselves."""
        self._settings = settings
        self._bans.follow(settings)

    def hello(self, worker: WorkerHandle) -> None:
        """A worker has connected: tell it of every ban."""
        for bans in chunks(self._bans.remaining(self._now())):
            worker.send(_message(bans))

    def received(self, message: Message) -> None:
        """A `failures` message. Raises KeyError, TypeError or ValueError."""
        now = self._now()
        new = {str(key): float(seconds) for key, seconds in dict(message["bans"]).items()}
        new = {key: seconds for key, seconds in new.items() if self._bans.impose(key, now + seconds)}
        for key, failures in dict(message["counts"]).items():
            if key not in self._bans and self._is_too_many(key, int(failures), now):
                self._bans.impose(key, now + self._settings.ban)
                new[key] = self._settings.ban
                security_event("address-banned", address=shown_network(key), seconds=self._settings.ban)
        for key in new:
            self._failures.forget(key)
        self._tell(new)

    def lift(self, address: str) -> bool:
        """End the ban of an address, or of the /64 that it is in or that it names. Returns whether there was one."""
        key = address_key(address.removesuffix("/64"))
        if self._bans.pop(key, None) is None:
            return False
        security_event("ban-lifted", address=shown_network(key))
        self._tell({key: 0.0})
        return True

    def tick(self) -> None:
        """Call about once a second."""
        self._bans.expire(self._now())

    def state(self) -> dict[str, Any]:
        """For the admin interface: how many, and the first of them, each with the seconds that are left."""
        remaining = self._bans.remaining(self._now())
        shown = list(remaining.items())[:MAX_SHOWN]
        bans = [{"address": shown_network(key), "seconds": round(seconds)} for key, seconds in shown]
        return {"active": len(remaining), "bans": bans}

    def remaining(self) -> dict[str, float]:
        """Seconds that are left of each, by `address_key`."""
        return self._bans.remaining(self._now())

    @property
    def active(self) -> int:
        """How many are banned."""
        return len(self._bans)

    def _is_too_many(self, key: str, failures: int, now: float) -> bool:
        settings = self._settings
        level = self._failures.add(key, failures, now, settings.ban_after / settings.window)
        return settings.enabled and level >= settings.ban_after

    def _tell(self, bans: dict[str, float]) -> None:
        for some in chunks(bans):
            self._broadcast(_message(some))


def _message(bans: dict[str, float]) -> Message:
    return {"type": "bans", "bans": bans}
