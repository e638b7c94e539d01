"""The authority over all buckets of a node: lends tokens to workers. Synchronous, without I/O.

The control process carries the messages: `hello` when a worker connects, `on_message` for what it says after that,
`worker_lost` when a living worker cannot be heard, `worker_gone` when a process is dead, and `tick` now and then.
"""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hotgate.limits.bucket_table import BucketTable
from hotgate.limits.denials import QUIET, Denials
from hotgate.limits.grant import AWAITED, NOT_YET, Grant
from hotgate.limits.lease_request import LeaseRequest
from hotgate.limits.leased_bucket import LeasedBucket
from hotgate.limits.limit import Limit
from hotgate.limits.members import Members
from hotgate.limits.quotas.supplies import Supplies, Supply
from hotgate.limits.recovery import Recovery
from hotgate.limits.report import KeyReport, Report, later
from hotgate.limits.share import lease_ceiling, lease_size, worker_ceiling
from hotgate.limits.standing import Standing

Message = dict[str, Any]

LAST = 2.0  # seconds before the end of a period in which tokens are lent to be used at once


class LeaseAuthority:
    """clock: monotonic seconds, the same for all processes of the machine. workers: how many share each rate. wall:
    seconds since the epoch, for quotas. supplies: what those need.

    At most `max_keys` buckets are kept (`BucketTable` says what happens beyond).
    """

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        workers: int = 1,
        max_keys: int = 200_000,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._clock = clock
        self._wall = wall
        self.supplies = Supplies()
        self._members = Members(clock, workers)
        self._table = BucketTable(max_keys, self._members.reserve, self.supplies.leave)
        self._recovery: Recovery | None = None
        self._loss: float | None = None
        self._denials = Denials()

    @property
    def known_keys(self) -> int:
        """How many buckets are kept."""
        return len(self._table)

    def buckets(self) -> Iterator[LeasedBucket]:
        """All buckets as they were left."""
        return iter(self._table)

    @property
    def is_recovering(self) -> bool:
        """Whether reports of workers are still awaited; no tokens are lent meanwhile."""
        return self._recovery is not None

    def set_workers(self, workers: int) -> None:
        """The number of workers from now on. Those that are there keep their larger share until they go."""
        self._members.workers = workers

    def expect(self, workers: Iterable[str], deadline: float) -> None:
        """Start as the successor of a killed authority: wait for the reports of its workers until `deadline`.

        Name every process that was lent tokens since all survivors were last connected, the dead ones too, and call
        `worker_gone` for those. A worker that stays silent keeps its share of every rate until it says `hello`; the
        number of workers must be no larger than it was before (`set_workers` may follow).
        """
        expected = list(workers)
        for worker in expected:
            self._members.miss(worker, 1 / min(len(expected), self._members.workers))
        if expected:
            self._members.pause()
            self._recovery = Recovery(deadline)

    def expect_until(self, deadline: float) -> None:
        """Wait no longer for reports than until `deadline`."""
        if self._recovery is not None:
            self._recovery.deadline = deadline

    def hello(self, worker: str, message: Message) -> Message:
        """A worker connected and reports; the answer is for it. Raises KeyError, TypeError, ValueError if malformed."""
        report = Report.from_message(message, self._wall)
        if report.is_fresh:
            if self._members.knows(worker):
                self.worker_gone(worker)  # the name is taken over by a new process
            self._members.join(worker)
        else:
            self._count_unseen(worker, report)
            self._members.rejoin(worker, share=report.share, sequence=report.sequence)
            self._take(worker, report)
        share = self._members.share_of(worker)
        return {"type": "welcome", "seq": report.sequence, "share": share, "loss": self._loss}

    def worker_lost(self, worker: str) -> None:
        """A living worker cannot be heard: it admits requests by its share, which is kept out of the buckets."""
        if worker in self._members:
            self._members.miss(worker)

    def worker_gone(self, worker: str) -> Message:
        """The process is dead: its tokens count as spent. The answer is for all other workers: what it knew is lost."""
        now = self._members.now()
        if self._members.is_missing(worker):
            absence = self._members.absence(worker)
            self._table.used_unseen(absence, now)
            self._table.remember(absence, now)
        self._members.leave(worker)
        self._loss = self._clock()
        self._table.settle(worker, {}, now)
        if self._recovery is not None:
            self._recovery.forget(worker, self._loss)
            self._finish_if_complete()
        return {"type": "loss", "loss": self._loss}

    def tick(self) -> None:
        """Call now and then: ends a recovery whose deadline has passed, and forgets some of what says nothing."""
        self._finish_if_complete()
        self._table.tidy(self._members.now())

    def on_message(self, worker: str, message: Message) -> Message | None:
        """What a connected worker says; the answer, if any, is for it. Stale messages and strangers are ignored.

        Raises KeyError, TypeError or ValueError if the message is malformed.
        """
        if worker not in self._members or not self._members.accept(worker, int(message["seq"])):
            return None
        if message["type"] == "lease":
            return self._grant_message(worker, message)
        if message["type"] == "give_back":
            for scope, key, tokens, held in message["keys"]:
                self.give_back(worker, str(scope), str(key), tokens=int(tokens), held=int(held))
            return None
        raise ValueError("unknown type of message")

    def define(self, limit: Limit) -> None:
        """Add a limit or change its rate; buckets keep how full they are, in proportion."""
        self._table.define(limit, self._members.now())

    def lease(self, worker: str, request: LeaseRequest) -> Grant:
        """Lend a worker tokens of one key, at most as many as may be on lease at once."""
        self._finish_if_complete()
        if self._recovery is not None or self._members.speed <= 0:
            return NOT_YET
        limit, now = request.limit, self._members.now()
        self._table.define(limit, now)
        leased = self._table.open(limit.scope, request.key, now)
        if leased is None:
            return NOT_YET
        leased.settle(worker, request.held)
        least = min(request.least, request.need)
        if wanted := leased.bucket.wanted(least + request.debt):
            self.supplies.want(leased.bucket.limit, request.key, wanted)
            if leased.bucket.level < least + request.debt:
                return AWAITED
        leased.bucket.charged(request.debt)
        leased.bucket.refunded(request.refunded, max(0.0, self._clock() - request.spent_at))
        self._refill(leased, now)
        return self._lend(leased, worker, request, least)

    def supply(self, scope: str, key: str, supply: Supply) -> list[tuple[str, Message]]:
        """Tokens of a key have come from elsewhere, or the word that there are none. Returns answers, by worker."""
        limit, now = self._table.limit(scope), self._members.now()
        leased = None if limit is None else self._table.open(scope, key, now)
        if limit is None or leased is None:
            return []
        leased.bucket.supplied(supply)
        self._refill(leased, now)
        waited = self.supplies.waited(scope, key)
        answers = [
            (worker, self._grant_message(worker, waited[worker])) for worker in waited if worker in self._members
        ]
        return [(worker, answer) for worker, answer in answers if answer is not None]

    def leave_supplies(self) -> None:
        """Everything that came from elsewhere and is not lent goes back: the process is about to end."""
        for leased in self._table:
            self.supplies.leave(leased.bucket.limit, leased.key, *leased.bucket.unused())

    def reset(self, scope: str, key: str) -> bool:
        """Make a bucket full, but for what workers hold. False if there is none, which is as good as full."""
        self._denials.forget(scope, key)
        leased = self._table.get(scope, key)
        if leased is None:
            return False
        leased.bucket.reset()
        self._refill(leased, self._members.now())
        return True

    def limit(self, scope: str) -> Limit | None:
        """The limit whose buckets have this scope, if anybody has used it."""
        return self._table.limit(scope)

    def peek(self, limit: Limit, key: str, cost: int = 1) -> Standing | None:
        """How a key stands, without spending; None while that is not known."""
        if self._recovery is not None:
            return None
        leased = self._table.peek(limit, key, self._members.now())
        if not leased.bucket.is_known:
            return None
        wait = leased.bucket.seconds_until(cost) / max(self._members.speed, 1e-9)
        denial = self._denials.get(limit.scope, key)
        limited_for = None if denial is None else self._clock() - denial.since
        return Standing(limit, key, leased.bucket.remaining, leased.on_lease, wait, limited_for)

    def limited(self) -> Iterator[Standing]:
        """Who is limited now, whose last denial was latest first."""
        now = self._clock()
        for scope, key, denial in self._denials.latest():
            limit = self._table.limit(scope)
            standing = None if limit is None else self.peek(limit, key, denial.cost)
            if standing is None or (standing.retry_after == 0 and now - denial.last > QUIET):
                self._denials.forget(scope, key)
            else:
                yield standing

    def give_back(self, worker: str, scope: str, key: str, *, tokens: int, held: int) -> None:
        """Return tokens of a lease; the worker keeps `held`. What was not lent cannot be returned."""
        leased = self._table.get(scope, key)
        if leased is None or tokens < 0 or held < 0:
            return
        now = self._members.now()
        self._refill(leased, now)
        leased.settle(worker, held, tokens)
        self._refill(leased, now)

    def _lend(self, leased: LeasedBucket, worker: str, request: LeaseRequest, least: int) -> Grant:
        bucket, workers = leased.bucket, self._members.workers
        if bucket.level < least:
            self._denials.add(leased.scope, request.key, least, self._clock())
            wait = bucket.seconds_until(max(1, least)) / self._members.speed
            return Grant(remaining=math.floor(bucket.remaining), retry_after=wait, charged=request.debt)
        lasts = bucket.lasts()
        size = lease_size(bucket.remaining, need=request.need, want=request.want, workers=workers)
        granted = max(0, min(size, int(bucket.level), self._room(leased, worker, request.limit.capacity)))
        is_urgent = granted < least or lasts < LAST
        granted = least if is_urgent else granted
        leased.lend(worker, granted)
        if wanted := bucket.wanted(0):
            self.supplies.want(bucket.limit, request.key, wanted)
        return Grant(
            granted,
            math.floor(bucket.remaining),
            is_urgent=is_urgent,
            charged=request.debt,
            lasts=lasts if math.isfinite(lasts) else None,
        )

    def _grant_message(self, worker: str, message: Message) -> Message | None:
        request = LeaseRequest.from_message(message, self._wall)
        grant = self.lease(worker, request)
        if grant is AWAITED and self.supplies.wait(worker, message):
            return None
        return {
            "type": "grant",
            "seq": message["seq"],
            "scope": request.limit.scope,
            "key": request.key,
            "granted": grant.granted,
            "remaining": grant.remaining,
            "retry_after": grant.retry_after,
            "must_wait": grant.must_wait,
            "urgent": grant.is_urgent,
            "charged": grant.charged,
            "lasts": grant.lasts,
            "share": self._members.share_of(worker),
            "loss": self._loss,
        }

    def _room(self, leased: LeasedBucket, worker: str, capacity: float) -> int:
        """How much more may be on lease: the worker's own ceiling, and that of all together."""
        on_lease = leased.on_lease + math.ceil(self._members.held_out_of_reach(capacity))
        everybody = lease_ceiling(capacity, self._members.largest_share) - on_lease
        workers = max(self._members.workers, len(self._members))
        return min(everybody, worker_ceiling(capacity, workers) - leased.held_by(worker))

    def _refill(self, leased: LeasedBucket, now: float) -> None:
        leased.refill(now, self._members.reserve(leased.bucket.limit.capacity))

    def _count_unseen(self, worker: str, report: Report) -> None:
        """What a worker has used while it was out of reach, and does not report as such. Before it is no longer: all
        its limits must be known by then, for what is kept free for it must not have flowed in behind what it used.
        """
        now, since = self._members.now(), self._members.missing_since(worker)
        if self._recovery is None:
            for limit in report.limits:
                self._table.define(limit, now)
        has_forgotten = report.loss is not None and report.loss >= since
        if has_forgotten or since == -math.inf:  # or it has spent what an authority lent it that is no more
            self._table.used_unseen(self._members.absence(worker), now)
        else:
            self._table.refill_all(now)
        if has_forgotten:
            self._table.remember(self._members.absence(worker), now)

    def _take(self, worker: str, report: Report) -> None:
        self._loss = later(self._loss, report.loss)
        if self._recovery is not None:
            self._recovery.add(worker, report)
            self._finish_if_complete()
            return
        held = {(key.scope, key.key): key.held for key in report.keys}
        self._table.settle(worker, held, self._members.now())
        for key in report.keys:
            self._adopt(worker, key)

    def _adopt(self, worker: str, key: KeyReport) -> None:
        """Book what a worker that was out of reach holds, and what it admitted alone."""
        now = self._members.now()
        leased = self._table.restore(key.scope, key.key, now)
        leased.assign(worker, key.held)
        self._refill(leased, now)
        if key.borrowed:
            leased.bucket.used_alone(key.borrowed)
        leased.bucket.charged(key.debt)

    def _finish_if_complete(self) -> None:
        recovery = self._recovery
        if recovery is None or (self._members.missing and self._clock() < recovery.deadline):
            return
        now = self._clock()
        if self._members.missing or not recovery.is_complete:
            recovery.loss = now
        self._loss = later(self._loss, recovery.loss)
        self._recovery = None
        self._rebuild(recovery, math.inf if self._loss is None else now - self._loss)
        self._members.resume()

    def _rebuild(self, recovery: Recovery, seconds_of_refill: float) -> None:
        now = self._members.now()
        self._table.distrust(seconds_of_refill, now)
        for limit in recovery.limits.values():
            self._table.define(limit, now)
        for (scope, key), witnessed in recovery.keys.items():
            leased = self._table.restore(scope, key, now)
            leased.leased = tuple(witnessed.leased.items())
            self._refill(leased, now)
            leased.bucket.lower(witnessed.level(recovery.limits[scope], seconds_of_refill))
