"""`concurrency` and `max_concurrent`: places are taken, given back, and counted for each route or caller alone."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.limits.place_book import PlaceBook, PlacePlan
from hotgate.limits.worker_share import WorkerShare
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep, WrongSetting
from hotgate.policies.limits.concurrency import compile_concurrency, max_concurrent_steps
from hotgate.policies.limits.concurrency_settings import ConcurrencySettings
from hotgate.testing import make_exchange


class Limited:
    """The steps of a route. now: moved by `advance`."""

    def __init__(
        self, compiled: Callable[[CompileContext], Sequence[PhasedStep]], share: WorkerShare | None = None
    ) -> None:
        self._book = PlaceBook()
        plan = PlacePlan(self._book)
        services = {"places": plan, "worker_share": share or WorkerShare()}
        self.steps = compiled(CompileContext("orders", services=services, path=("routes", 3)))
        self._book.follow(plan)
        self.now = 0.0

    def enter(self, exchange: Exchange) -> Any:
        return self.steps[0].run(exchange)

    def leave(self, exchange: Exchange) -> None:
        self.steps[1].run(exchange)

    def advance(self, seconds: float) -> None:
        self.now += seconds
        self._book.tick(self.now)

    def reload(self, compiled: Callable[[CompileContext], Sequence[PhasedStep]]) -> None:
        """Another configuration comes into force."""
        plan = PlacePlan(self._book)
        self.steps = compiled(CompileContext("orders", services={"places": plan}, path=("routes", 3)))
        self._book.follow(plan)

    @property
    def numbers(self) -> dict[str, Any]:
        return self._book.values()


def limited(share: WorkerShare | None = None, **settings: Any) -> Limited:
    return Limited(lambda context: compile_concurrency(ConcurrencySettings.model_validate(settings), context), share)


def calls_of(subject: str, client: str = "192.0.2.1") -> Exchange:
    return make_exchange(principal=Principal(subject, provider="corp", mechanism="jwt"), client=client)


def shown(refusal: Any) -> tuple[int, str]:
    assert isinstance(refusal, Response)
    assert refusal.header("retry-after") is not None
    return refusal.status, refusal.code


class TestMaxConcurrent:
    def test_one_more_than_there_are_places(self) -> None:
        route = Limited(lambda context: max_concurrent_steps(2, context))
        first, second, third = (make_exchange() for _ in range(3))
        assert route.enter(first) is None
        assert route.enter(second) is None
        assert shown(route.enter(third)) == (503, "route-busy")
        route.leave(third)  # it ends too, and has no place to give back
        assert shown(route.enter(third)) == (503, "route-busy")
        route.leave(first)
        assert route.enter(third) is None

    def test_it_holds_for_each_worker(self) -> None:
        route = Limited(lambda context: max_concurrent_steps(2, context), WorkerShare(0, 2))
        assert [route.enter(make_exchange()) for _ in range(2)] == [None, None]

    def test_strangers_do_not_take_places(self) -> None:
        """It stands behind authentication: who is refused there never asks for a place."""
        steps = Limited(lambda context: max_concurrent_steps(1, context)).steps
        assert [step.phase for step in steps] == [Phase.LIMIT, Phase.FINISH]


class TestConcurrency:
    def test_a_route_that_is_full(self) -> None:
        route = limited(limit=1, queue=0)
        exchange = calls_of("b")
        assert route.enter(calls_of("a")) is None
        assert shown(route.enter(exchange)) == (503, "concurrency-limited")
        decision = exchange.decision
        assert decision is not None
        assert (decision.policy, decision.rule, decision.allowed) == ("concurrency", "full", False)
        assert decision.path == ("routes", 3, "concurrency")

    def test_callers_with_places_of_their_own(self) -> None:
        route = limited(limit=1, by="principal", queue=0)
        assert route.enter(calls_of("a")) is None
        assert shown(route.enter(calls_of("a"))) == (429, "concurrency-limited")
        assert route.enter(calls_of("b")) is None

    def test_addresses_with_places_of_their_own(self) -> None:
        route = limited(limit=1, by="address", queue=0)
        assert route.enter(calls_of("a", "2001:db8::1")) is None
        assert shown(route.enter(calls_of("b", "2001:db8::2"))) == (429, "concurrency-limited")
        assert route.enter(calls_of("a", "192.0.2.7")) is None

    def test_nothing_is_kept_of_callers_who_have_left(self) -> None:
        route = limited(limit=1, by="principal")
        for number in range(100):
            exchange = calls_of(str(number))
            route.enter(exchange)
            route.leave(exchange)
        assert route.steps[0].run.__self__._places.is_unused  # type: ignore[attr-defined]

    def test_who_was_told_that_its_time_is_over_takes_no_place_with_it(self) -> None:
        async def script() -> None:
            route = limited(limit=1, by="principal", wait="1s")
            first, late, second = calls_of("a"), calls_of("a"), calls_of("a")
            route.enter(first)
            waiting = asyncio.ensure_future(route.enter(late))
            await asyncio.sleep(0)
            route.advance(1.0)
            assert shown(await waiting) == (429, "concurrency-limited")
            route.leave(first)
            assert route.enter(second) is None
            route.leave(late)
            assert route.numbers["in_use"] == {"routes/orders/concurrency/principal": 1}

        asyncio.run(script())

    @pytest.mark.parametrize(("workers", "places"), [(1, [10]), (3, [4, 3, 3]), (4, [3, 3, 2, 2])])
    def test_workers_share_the_places(self, workers: int, places: list[int]) -> None:
        assert [WorkerShare(index, workers).of(10) for index in range(workers)] == places

    def test_a_worker_has_one_place_at_least(self) -> None:
        assert [WorkerShare(index, 4).of(2) for index in range(4)] == [1, 1, 1, 1]

    def test_several_limits(self) -> None:
        settings = tuple(
            ConcurrencySettings.model_validate(each)
            for each in ({"limit": 2, "queue": 0}, {"limit": 1, "by": "principal", "queue": 0})
        )
        steps = Limited(lambda context: compile_concurrency(settings, context)).steps
        assert [step.phase for step in steps] == [Phase.LIMIT, Phase.FINISH] * 2

    def test_two_limits_of_one_kind(self) -> None:
        twice = (ConcurrencySettings(limit=1), ConcurrencySettings(limit=2))
        with pytest.raises(WrongSetting) as raised:
            compile_concurrency(twice, CompileContext("orders"))
        assert raised.value.path == (1, "by")

    def test_two_limits_of_one_kind_by_other_networks_have_places_of_their_own(self) -> None:
        settings = tuple(
            ConcurrencySettings.model_validate({"by": "address", "queue": 0, **each})
            for each in ({"limit": 1, "ipv4_prefix": 32}, {"limit": 2, "ipv4_prefix": 24})
        )

        def compiled(context: CompileContext) -> Sequence[PhasedStep]:
            return compile_concurrency(settings, context)

        route = Limited(compiled)
        route.reload(compiled)  # places are now those that were there before
        of_one, also, of_network = route.steps[0], route.steps[2], "routes/orders/concurrency/address/2"
        first, second = (make_exchange(client=f"192.0.2.{number}") for number in (1, 2))
        assert (of_one.run(first), also.run(first), of_one.run(second), also.run(second)) == (None,) * 4
        assert route.numbers["limit"] == {"routes/orders/concurrency/address": 1, of_network: 2}
        assert shown(of_one.run(make_exchange(client="192.0.2.1"))) == (429, "concurrency-limited")
        for exchange in (first, second):
            for step in (route.steps[1], route.steps[3]):
                step.run(exchange)
        assert route.numbers["in_use"] == {"routes/orders/concurrency/address": 0, of_network: 0}
