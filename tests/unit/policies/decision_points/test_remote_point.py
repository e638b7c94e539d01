"""What a decision point keeps of answers about callers whose credential ends, and how many it asks about at once."""

import asyncio
from collections.abc import Sequence

from hotgate.config.decision_points.decision_point import DecisionPoint
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.decision_points import remote_point
from hotgate.policies.decision_points.authzen import AuthZenKind
from hotgate.policies.decision_points.contract import Askable, NoDecision, Outcome, Question
from hotgate.policies.decision_points.decision_cache import DecisionCache
from hotgate.policies.decision_points.remote_point import RemotePoint
from hotgate.policies.decision_points.service_call import ServiceCall
from hotgate.testing import make_exchange, make_principal
from hotgate.upstream.breaker import Breaker
from hotgate.upstream.side_call import SideAnswer, SideRequest

NOW = 1_800_000_000.0
SETTINGS = DecisionPoint.model_validate({"authzen": {"upstream": "pdp"}, "cache": {"for": "60s"}})


class Service(ServiceCall):
    """Says yes once it is let. asked: how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.may_answer = asyncio.Event()

    async def answer(self, exchange: Exchange, request: SideRequest) -> SideAnswer:
        self.asked += 1
        await self.may_answer.wait()
        return SideAnswer(200, ((b"content-type", b"application/json"),), b'{"decision": true}')


class Play:
    """now: monotonic seconds."""

    def __init__(self) -> None:
        self.now = 0.0
        self.service = Service()
        self.service.may_answer.set()
        self.point = RemotePoint(
            "pdp",
            SETTINGS,
            AuthZenKind(SETTINGS.settings),
            self.service,
            cache=DecisionCache(60.0, 0.0, 10, lambda: self.now),
            breaker=Breaker("pdp", lambda: self.now),
            wall_clock=lambda: NOW + self.now,
        )

    async def decide(self, expires: float | None, key: bytes = b"k") -> Sequence[Outcome]:
        """About a caller whose credential ends then."""
        exchange = make_exchange(principal=make_principal())
        assert exchange.principal is not None
        exchange.principal.expires = expires
        outcomes = self.point.decide(exchange, [Askable(key, lambda: Question({}, key))])
        return outcomes if isinstance(outcomes, list) else await outcomes  # type: ignore[misc]


def test_an_answer_is_believed_no_longer_than_the_credential() -> None:
    async def script() -> None:
        play = Play()
        for _ in range(2):
            await play.decide(NOW + 5)
        assert play.service.asked == 1
        play.now = 5.0
        await play.decide(None)
        assert play.service.asked == 2
        play.now = 60.0
        await play.decide(None)
        assert play.service.asked == 2
        play.now = 65.0
        await play.decide(None)
        assert play.service.asked == 3

    asyncio.run(script())


def test_about_a_credential_that_has_ended_nothing_is_kept() -> None:
    async def script() -> None:
        play = Play()
        for _ in range(2):
            await play.decide(NOW - 1)
        assert play.service.asked == 2

    asyncio.run(script())


def test_so_many_questions_are_under_way_and_no_more() -> None:
    async def script() -> None:
        play = Play()
        play.service.may_answer.clear()
        waiting = [
            asyncio.create_task(play.decide(None, b"%d" % number)) for number in range(remote_point.MOST_FLIGHTS)
        ]
        await asyncio.sleep(0)
        (outcome,) = await play.decide(None, b"one more")
        assert isinstance(outcome, NoDecision)
        assert "under way" in str(outcome)
        play.service.may_answer.set()
        assert len(await asyncio.gather(*waiting)) == play.service.asked == remote_point.MOST_FLIGHTS

    asyncio.run(script())
