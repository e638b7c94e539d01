"""When a target is called unhealthy, and when it is asked."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from hotgate.config.addresses import parse_target
from hotgate.config.resilience import Health
from hotgate.control.health import FIRST_WITHIN, MOST_AT_ONCE, HealthChecks, Verdict
from hotgate.control.probe import Check, ProbeFailed, ProbeImpossible
from hotgate.testing import FakeClock
from hotgate.upstream.dial import Dialer

SETTINGS = Health.model_validate({"path": "/", "every": "10s", "healthy_after": 2, "unhealthy_after": 3})


def check_of(target: str, settings: Health = SETTINGS, upstream: str = "api") -> Check:
    return Check(upstream, target, parse_target("http://127.0.0.1:9"), settings, Dialer("127.0.0.1", 9))


class TestVerdict:
    def observed(self, results: str, healthy: bool = True) -> str:
        """+ and - for each result: what is in force after each."""
        verdict = Verdict(healthy)
        shown = ""
        for result in results:
            verdict.observe(result == "+", SETTINGS)
            shown += "+" if verdict.healthy else "-"
        return shown

    def test_the_first_check_decides(self) -> None:
        assert self.observed("-") == "-"
        assert self.observed("+", healthy=False) == "+"

    def test_later_ones_must_agree(self) -> None:
        assert self.observed("+--+---++") == "++++++--+"
        assert self.observed("-+-+-++") == "------+"

    def test_only_changes_are_told(self) -> None:
        verdict = Verdict()
        assert [verdict.observe(well, SETTINGS) for well in (True, False, False, False, False, True, True, True)] == [
            *(False, False, False, True),
            *(False, False, True, False),
        ]


class Scene:
    """failing: targets that are not well. Time stands still: `round` lets every target be checked once more."""

    def __init__(self) -> None:
        self.failing: set[str] = set()
        self.probed: list[str] = []
        self.published: list[tuple[str, str, bool]] = []
        self.pauses: list[float] = []
        self.clock = FakeClock()
        self._sleepers: list[asyncio.Future[None]] = []
        self.checks = HealthChecks(
            self.probe,
            lambda *told: self.published.append(told),
            sleep=self._sleep,
            uniform=lambda low, high: high,
            clock=self.clock,
        )

    async def probe(self, check: Check) -> None:
        self.probed.append(check.target)
        if check.target in self.failing:
            raise ProbeFailed("status 503")

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        sleeper = asyncio.get_running_loop().create_future()
        self._sleepers.append(sleeper)
        await sleeper

    async def follow(self, *checks: Check) -> None:
        await self.checks.follow(checks)
        await settle()

    async def round(self, times: int = 1) -> None:
        for _ in range(times):
            sleepers, self._sleepers = self._sleepers, []
            for sleeper in sleepers:
                if not sleeper.done():
                    sleeper.set_result(None)
            await settle()


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def play(script: Callable[[Scene], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        scene = Scene()
        await script(scene)
        await scene.checks.stop()

    asyncio.run(run())


def test_changes_are_published_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def script(scene: Scene) -> None:
        await scene.follow(check_of("a"), check_of("b"))
        await scene.round()
        assert scene.published == [("api", "a", True), ("api", "b", True)]
        scene.published.clear()
        scene.failing = {"a"}
        await scene.round(10)
        assert scene.published == [("api", "a", False)]
        scene.failing = set()
        await scene.round(10)
        assert scene.published == [("api", "a", False), ("api", "a", True)]

    play(script)
    assert [record.getMessage() for record in caplog.records] == [
        "upstream api: a is unhealthy: status 503",
        "upstream api: a is healthy again",
    ]


def test_checks_are_spread(caplog: pytest.LogCaptureFixture) -> None:
    async def script(scene: Scene) -> None:
        await scene.follow(check_of("a"))
        await scene.round()
        first, second = scene.pauses
        assert first == FIRST_WITHIN
        assert 10 < second <= 12

    play(script)


def test_until_it_is_checked_a_target_is_healthy() -> None:
    async def script(scene: Scene) -> None:
        await scene.follow(check_of("a"))
        assert scene.checks.state()[0] | {"healthy": True, "checked": False} == scene.checks.state()[0]

    play(script)


def test_of_what_was_never_checked_nothing_is_said() -> None:
    """A worker may know from an earlier control process that the target is not well."""

    async def script(scene: Scene) -> None:
        await scene.follow(check_of("a"))
        assert scene.checks.decisions() == {}
        await scene.round()
        assert scene.checks.decisions() == {"api": {"a": True}}

    play(script)


def test_what_a_reload_leaves_unchanged_goes_on_undisturbed() -> None:
    async def script(scene: Scene) -> None:
        scene.failing = {"a"}
        await scene.follow(check_of("a"), check_of("b"))
        await scene.round()
        scene.probed.clear()
        await scene.follow(check_of("a"), check_of("c"))
        assert scene.checks.decisions() == {"api": {"a": False}}
        assert scene.checks.state()[0]["checked"] is True
        await scene.round()
        assert sorted(scene.probed) == ["a", "c"]

    play(script)


def test_changed_settings_begin_anew_from_what_is_known() -> None:
    async def script(scene: Scene) -> None:
        scene.failing = {"a"}
        await scene.follow(check_of("a"))
        await scene.round()
        await scene.follow(check_of("a", Health.model_validate({"tcp": True})))
        assert scene.checks.decisions() == {"api": {"a": False}}
        scene.failing = set()
        await scene.round()
        assert scene.published[-1] == ("api", "a", True)

    play(script)


def test_a_check_that_cannot_be_made_counts_as_failed() -> None:
    async def script(scene: Scene) -> None:
        async def bug(check: Check) -> None:
            raise RuntimeError("bug")

        scene.checks._probe = bug
        await scene.follow(check_of("a"))
        await scene.round(2)
        assert scene.published == [("api", "a", False)]
        assert scene.checks.state()[0]["checks"] == {"ok": 0, "failed": 2}

    play(script)


def test_a_lack_of_our_own_says_nothing_about_the_target() -> None:
    async def script(scene: Scene) -> None:
        async def no_descriptors(check: Check) -> None:
            raise ProbeImpossible("Too many open files")

        scene.checks._probe = no_descriptors
        await scene.follow(check_of("a"))
        await scene.round(10)
        assert scene.checks.decisions() == {}
        assert scene.checks.state()[0]["last_error"] == "not checked: Too many open files"

    play(script)


def test_the_number_of_checks_under_way_is_bounded() -> None:
    async def script(scene: Scene) -> None:
        under_way = 0
        most = 0

        async def slow(check: Check) -> None:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await asyncio.sleep(0)
            under_way -= 1

        scene.checks._probe = slow
        await scene.follow(*(check_of(str(index)) for index in range(3 * MOST_AT_ONCE)))
        await scene.round()
        assert most == MOST_AT_ONCE

    play(script)


def test_what_operators_see() -> None:
    async def script(scene: Scene) -> None:
        scene.failing = {"a"}
        await scene.follow(check_of("a"))
        await scene.round()
        scene.clock.advance(7)
        assert scene.checks.state() == [
            {
                "upstream": "api",
                "target": "a",
                "healthy": False,
                "checked": True,
                "seconds_since_change": 7.0,
                "last_error": "status 503",
                "checks": {"ok": 0, "failed": 1},
            }
        ]

    play(script)
