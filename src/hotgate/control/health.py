"""Active health checks: probes every target in the background and tells who is healthy.

A target is taken for healthy until its first check, which decides at once (as HAProxy does); later ones must agree
several times in a row. What a reload leaves unchanged goes on undisturbed.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from hotgate.config.resilience import Health
from hotgate.control.probe import Check, ProbeFailed, ProbeImpossible

_logger = logging.getLogger(__name__)

MOST_AT_ONCE = 128  # checks under way; each has a time-out
JITTER = 0.15  # a thousand checks that began together do not stay together
FIRST_WITHIN = 1.0  # seconds in which all first checks are begun

Key = tuple[str, str]
Probe = Callable[[Check], Awaitable[None]]
Publish = Callable[[str, str, bool], None]


class Verdict:
    """What the checks of one target say. healthy: the decision in force. checked: whether there was one yet."""

    def __init__(self, healthy: bool = True) -> None:
        self.healthy = healthy
        self.checked = False
        self._against = 0  # checks in a row that contradict the decision in force

    def observe(self, is_well: bool, settings: Health) -> bool:
        """Take the result of a check. True if the decision has changed."""
        self._against = 0 if is_well == self.healthy else self._against + 1
        needed = settings.healthy_after if is_well else settings.unhealthy_after
        if not self.checked:
            needed, self.checked = 1, True
        if self._against < needed:
            return False
        self.healthy, self._against = is_well, 0
        return True


class HealthChecks:
    """One task per target. publish: called with upstream, target and decision after the first check, and whenever the
    decision changes.

    probe: raises ProbeFailed if the target is not well. sleep, uniform, clock: injected so that tests need not wait.
    """

    def __init__(
        self,
        probe: Probe,
        publish: Publish,
        *,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        uniform: Callable[[float, float], float] = random.uniform,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._probe = probe
        self._publish = publish
        self._sleep = sleep
        self._uniform = uniform
        self._clock = clock
        self._room = asyncio.Semaphore(MOST_AT_ONCE)
        self._watches: dict[Key, _Watch] = {}

    async def follow(self, checks: Iterable[Check]) -> None:
        """Make these checks and no others. One whose settings changed begins anew from what was decided."""
        wanted = {(check.upstream, check.target): check for check in checks}
        for key in [key for key in self._watches if key not in wanted]:
            await self._watches.pop(key).stop()
        for key, check in wanted.items():
            known = self._watches.get(key)
            if known is not None and known.check == check:
                known.check = check
                continue
            if known is not None:
                await known.stop()
            self._start(key, _Watch(check, Verdict(known is None or known.verdict.healthy), self._clock()))

    async def stop(self) -> None:
        """End all background work."""
        await self.follow(())

    def decisions(self) -> dict[str, dict[str, bool]]:
        """What is in force: upstream → target → healthy. A target that was never checked is not in it: of that a worker
        may know more, from an earlier control process.
        """
        found: dict[str, dict[str, bool]] = {}
        for (upstream, target), watch in self._watches.items():
            if watch.verdict.checked or not watch.verdict.healthy:
                found.setdefault(upstream, {})[target] = watch.verdict.healthy
        return found

    def state(self) -> list[dict[str, Any]]:
        """One JSON-able object per target, for the admin API and metrics."""
        return [watch.state(self._clock()) for watch in self._watches.values()]

    def _start(self, key: Key, watch: "_Watch") -> None:
        self._watches[key] = watch
        watch.task = asyncio.create_task(self._keep_checking(watch))

    async def _keep_checking(self, watch: "_Watch") -> None:
        every = watch.check.settings.every
        await self._sleep(self._uniform(0.0, min(FIRST_WITHIN, every)))
        while True:
            async with self._room:
                await self._check(watch)
            await self._sleep(every * self._uniform(1 - JITTER, 1 + JITTER))

    async def _check(self, watch: "_Watch") -> None:
        try:
            await self._probe(watch.check)
        except ProbeFailed as failed:
            self._judge(watch, str(failed))
        except ProbeImpossible as impossible:
            watch.failure = f"not checked: {impossible}"
        except Exception:
            # Nothing good is known about the target then; and one surprise must not end the checking.
            _logger.exception("target %s of upstream %s could not be checked", watch.check.target, watch.check.upstream)
            self._judge(watch, "internal error, see the log")
        else:
            self._judge(watch, "")

    def _judge(self, watch: "_Watch", failure: str) -> None:
        watch.failure = failure
        watch.counts["failed" if failure else "ok"] += 1
        is_first = not watch.verdict.checked
        is_changed = watch.verdict.observe(not failure, watch.check.settings)
        if is_changed:
            watch.changed(failure, self._clock())
        if is_changed or is_first:
            self._publish(watch.check.upstream, watch.check.target, watch.verdict.healthy)


class _Watch:
    """since: when the decision in force was made. counts: checks by result."""

    def __init__(self, check: Check, verdict: Verdict, now: float) -> None:
        self.check = check
        self.verdict = verdict
        self.since = now
        self.failure = ""
        self.counts = {"ok": 0, "failed": 0}
        self.task: asyncio.Task[None] | None = None

    def changed(self, failure: str, now: float) -> None:
        self.since = now
        where = (self.check.upstream, self.check.target)
        if failure:
            _logger.warning("upstream %s: %s is unhealthy: %s", *where, failure)
        else:
            _logger.warning("upstream %s: %s is healthy again", *where)

    async def stop(self) -> None:
        if self.task is not None:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)

    def state(self, now: float) -> dict[str, Any]:
        return {
            "upstream": self.check.upstream,
            "target": self.check.target,
            "healthy": self.verdict.healthy,
            "checked": self.verdict.checked,
            "seconds_since_change": round(now - self.since, 1),
            "last_error": self.failure or None,
            "checks": dict(self.counts),
        }
