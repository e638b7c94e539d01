"""What was used and must not be used again, until it would be refused anyway: as many digests as there is room for."""

import heapq
from enum import StrEnum


class Verdict(StrEnum):
    """What comes of a claim."""

    FIRST = "first"
    USED = "used"
    FULL = "full"  # of its holder, or of all: nobody could tell the next time, so it must not be used now
    LATE = "late"  # others of its time are forgotten, so nobody can tell whether it was one of them


class _Account:
    """What one holder has claimed."""

    __slots__ = ("count", "holder")

    def __init__(self, holder: bytes) -> None:
        self.holder = holder
        self.count = 0


class _Second:
    """What is forgotten at one time; two lists, because a pair for each claim would take as much as the claim."""

    __slots__ = ("accounts", "identities")

    def __init__(self) -> None:
        self.identities: list[bytes] = []
        self.accounts: list[_Account] = []


class ClaimBook:
    """room: claims that it holds at once. share: how many of them may be one holder's.

    A claim takes about 110 bytes, and its holder as many more. Claims are forgotten by the second, all of one at once:
    a heap of them would cost more than all the rest. What is forgotten stays forgotten: a claim that ends as early
    comes too late, be it that it was long on its way or that the clock was set back.
    """

    def __init__(self, room: int, share: int | None = None) -> None:
        self._room = room
        self._share = room if share is None else share
        self._claims: set[bytes] = set()
        self._accounts: dict[bytes, _Account] = {}
        self._by_second: dict[int, _Second] = {}
        self._seconds: list[int] = []  # a heap of the keys above
        self._forgotten = 0  # the last of them that is gone

    def verdict(self, identity: bytes, now: float, holder: bytes = b"") -> Verdict:
        """What would come of a claim now. identity: a digest of what is claimed, whoever claims it."""
        self._forget(now)
        if identity in self._claims:
            return Verdict.USED
        account = self._accounts.get(holder)
        is_full = len(self._claims) >= self._room or (account is not None and account.count >= self._share)
        return Verdict.FULL if is_full else Verdict.FIRST

    def claim(self, identity: bytes, expires: float, now: float, holder: bytes = b"") -> Verdict:
        """Use it, if nobody has. expires: when it need not be remembered any more, in the same seconds as `now`."""
        verdict = self.verdict(identity, now, holder)
        if verdict is not Verdict.FIRST:
            return verdict
        number = int(expires) + 1
        if number <= self._forgotten:
            return Verdict.LATE
        self._keep(identity, number, holder)
        return verdict

    def __len__(self) -> int:
        return len(self._claims)

    def _keep(self, identity: bytes, number: int, holder: bytes) -> None:
        account = self._accounts.get(holder)
        if account is None:
            account = self._accounts[holder] = _Account(holder)
        account.count += 1
        self._claims.add(identity)
        second = self._second(number)
        second.identities.append(identity)
        second.accounts.append(account)

    def _second(self, number: int) -> _Second:
        second = self._by_second.get(number)
        if second is None:
            second = self._by_second[number] = _Second()
            heapq.heappush(self._seconds, number)
        return second

    def _forget(self, now: float) -> None:
        while self._seconds and self._seconds[0] <= now:
            self._forgotten = heapq.heappop(self._seconds)
            second = self._by_second.pop(self._forgotten)
            self._claims.difference_update(second.identities)
            for account in second.accounts:
                account.count -= 1
                if not account.count:
                    del self._accounts[account.holder]
