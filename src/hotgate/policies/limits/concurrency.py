"""`concurrency: {limit: 20, by: principal}`: how many requests may be on their way at once, and who waits."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import randint
from typing import Annotated, Any, Literal

from pydantic import Field

from hotgate.config.concurrency import MOST_PLACES, Waiting
from hotgate.config.settings import WholeNumber
from hotgate.http.response import Response
from hotgate.limits.address_key import address_key
from hotgate.limits.place_book import KeyedPlaces, PlaceBook, PlacePlan, Rules
from hotgate.limits.places import PlaceRules, Reason
from hotgate.limits.worker_share import WorkerShare, too_few
from hotgate.pipeline.caller_key import caller_key
from hotgate.pipeline.decision import Decision, Path
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicySpec, WrongSetting
from hotgate.pipeline.route import Outcome

KeyOf = Callable[[Exchange], str]

_REASONS: dict[Reason, str] = {
    "full": "every place is taken, and so many wait already",
    "displaced": "the line was full, and somebody more important or with less waiting came",
    "late": "no place can be free in time",
    "expired": "no place was free in time",
}


class ConcurrencySettings(Waiting):
    """How many requests of a route, or of each caller on it, may be on their way at once; more wait, then are refused.

    WebSockets and long streams keep their place until they end.
    """

    limit: Annotated[int, WholeNumber(1, MOST_PLACES)] = Field(
        description="Requests over all workers, each of which has its part. What adapts itself is `concurrency` of an"
        " upstream."
    )
    by: Literal["route", "principal", "address"] = Field(
        default="route",
        description="Whose places they are: the route's (more is answered 503), or those of each authenticated caller"
        " or each address (more is answered 429). Guests count by address.",
    )


class Concurrency:
    """The compiled policy: a place for each request, given back when its answer is over. key_of: whose they are."""

    def __init__(self, places: KeyedPlaces, key_of: KeyOf, refusal: "Refusal") -> None:
        self._places = places
        self._key_of = key_of
        self._refusal = refusal

    def enter(self, exchange: Exchange) -> Outcome | Awaitable[Outcome]:
        """A place, at once or later, or a refusal."""
        key = self._key_of(exchange)
        if self._places.take(exchange, key):
            return None
        told = self._places.wait(exchange, key, caller_key(exchange), exchange.route.priority.known(exchange))
        if isinstance(told, asyncio.Future):
            return self._wait(exchange, key, told)
        return self._refused(exchange, key, told)

    def leave(self, exchange: Exchange) -> None:
        """The answer is out, whichever it was, or the client has left."""
        self._places.leave(exchange)

    async def _wait(self, exchange: Exchange, key: str, told: "asyncio.Future[Reason]") -> Outcome:
        reason = await told
        return self._refused(exchange, key, reason) if reason else None

    def _refused(self, exchange: Exchange, key: str, reason: Reason) -> Response:
        self._places.count_refusal(reason)
        return self._refusal.of(exchange, reason, self._places.retry_after(key))


class Refusal:
    """What is said to who gets no place. policy: the key that says how many there are; path: where it stands."""

    def __init__(self, status: int, code: str, detail: str, policy: str, path: Path) -> None:
        self._status = status
        self._code = code
        self._detail = detail
        self._decisions = {reason: Decision(policy, reason, path, False, text) for reason, text in _REASONS.items()}

    def of(self, exchange: Exchange, reason: Reason, retry_after: int) -> Response:
        """The answer. retry_after: seconds; who is refused together does not come back together."""
        exchange.decision = decision = self._decisions[reason]
        return Response.problem(
            self._status,
            code=self._code,
            detail=self._detail,
            headers={"retry-after": str(randint(retry_after, 2 * retry_after))},  # noqa: S311 (nothing to guess)
            log_detail=decision.reason,
        )


def _of_route(exchange: Exchange) -> str:
    return ""


def _of_address(exchange: Exchange) -> str:
    return address_key(exchange.client)


_KEYS: dict[str, KeyOf] = {"route": _of_route, "principal": caller_key, "address": _of_address}


def place_steps(phase: Phase, concurrency: Concurrency) -> list[PhasedStep]:
    """To take a place, and to give it back."""
    return [PhasedStep(phase, concurrency.enter), PhasedStep(Phase.FINISH, concurrency.leave)]


def compile_concurrency(
    settings: ConcurrencySettings | tuple[ConcurrencySettings, ...], context: CompileContext
) -> list[PhasedStep]:
    """Two steps for each."""
    several = settings if isinstance(settings, tuple) else (settings,)
    steps = []
    for index, each in enumerate(several):
        below = (index,) if isinstance(settings, tuple) else ()
        if wrong := too_few(each.limit, context.services.get("workers")):
            raise WrongSetting((*below, "limit"), wrong)
        if each.by in {other.by for other in several[:index]}:
            raise WrongSetting((index, "by"), f"there is a limit by {each.by} already")
        steps += _steps(each, context, (*context.path, "concurrency", *below))
    return steps


def _steps(settings: ConcurrencySettings, context: CompileContext, path: Path) -> list[PhasedStep]:
    share: WorkerShare = context.services.get("worker_share", WorkerShare())
    rules = PlaceRules(share.of(settings.limit), settings.queue, settings.wait)
    places = planned(context.services, f"routes/{context.route_name}/concurrency/{settings.by}", rules)
    refusal = Refusal(
        503 if settings.by == "route" else 429,
        "concurrency-limited",
        "Too many requests are on their way." if settings.by == "route" else "You have too many requests on their way.",
        "concurrency",
        path,
    )
    return place_steps(Phase.LIMIT, Concurrency(places, _KEYS[settings.by], refusal))


def max_concurrent_steps(most: int, context: CompileContext) -> list[PhasedStep]:
    """`max_concurrent: 100`: so many with each worker, and nobody waits."""
    places = planned(context.services, f"routes/{context.route_name}/max_concurrent", PlaceRules(most))
    detail = "Too many requests of this kind are on their way."
    refusal = Refusal(503, "route-busy", detail, "max_concurrent", (*context.path, "max_concurrent"))
    return place_steps(Phase.LIMIT, Concurrency(places, _of_route, refusal))


def upstream_steps(name: str, places: KeyedPlaces) -> list[PhasedStep]:
    """For every route to an upstream: the last steps of all, so that nobody has a place who is not ready for it."""
    path = ("upstreams", name, "concurrency")
    refusal = Refusal(503, "concurrency-limited", "Too many requests are with the backend.", "concurrency", path)
    return place_steps(Phase.SHAPE, Concurrency(places, _of_route, refusal))


def planned(services: Mapping[str, Any], name: str, rules: Rules) -> KeyedPlaces:
    """Places of a configuration that is being compiled."""
    plan: PlacePlan = services.get("places") or PlacePlan(PlaceBook())
    return plan.open(name, rules)


POLICY = PolicySpec("concurrency", ConcurrencySettings | tuple[ConcurrencySettings, ...], compile_concurrency)
