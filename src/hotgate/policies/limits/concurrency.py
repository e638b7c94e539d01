"""`concurrency: {limit: 20, by: principal}`: how many requests may be on their way at once, and who waits."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hotgate.config.authorization import NOTHING_DECLARED, Authorization
from hotgate.http.response import Response
from hotgate.limits.concurrency.outlook import Reason
from hotgate.limits.concurrency.place_book import KeyedPlaces, PlaceBook, PlacePlan, Rules
from hotgate.limits.concurrency.places import PlaceRules
from hotgate.limits.concurrency.worker_share import WorkerShare, too_few
from hotgate.pipeline.caller_key import caller_key
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicySpec, WrongSetting
from hotgate.pipeline.route import Outcome
from hotgate.policies.conditions.attributes import route_attributes
from hotgate.policies.limits.concurrency_settings import ConcurrencySetting, ConcurrencySettings
from hotgate.policies.limits.limit_key import KeyMakers, shown_by
from hotgate.policies.limits.place_refusal import PlaceRefusal

_KEY = "concurrency"

KeyOf = Callable[[Exchange], str]


class Concurrency:
    """The compiled policy: a place for each request, given back when its answer is over. key_of: whose they are."""

    def __init__(self, places: KeyedPlaces, key_of: KeyOf, refusal: PlaceRefusal) -> None:
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


def place_steps(phase: Phase, concurrency: Concurrency) -> list[PhasedStep]:
    """To take a place, and to give it back."""
    is_last = phase is Phase.SHAPE
    return [PhasedStep(phase, concurrency.enter, is_place=is_last), PhasedStep(Phase.FINISH, concurrency.leave)]


def compile_concurrency(settings: Any, context: CompileContext) -> Sequence[PhasedStep]:
    """Two steps for each. Raises WrongSetting."""
    several = isinstance(settings, tuple)
    declared: Authorization = context.services.get("authorization", NOTHING_DECLARED)
    keys = KeyMakers(route_attributes(context), declared.claims)
    steps: list[PhasedStep] = []
    known: set[KeyOf] = set()
    for index, each in enumerate(settings if several else (settings,)):
        below = (index,) if several else ()
        try:
            key_of = keys.key_of(each)
            if wrong := too_few(each.limit, context.services.get("workers")):
                raise WrongSetting(("limit",), wrong)
            if key_of in known:
                raise WrongSetting(("by",), "another limit of the route is by the same")
        except WrongSetting as error:
            raise WrongSetting((*below, *error.path), str(error)) from None
        known.add(key_of)
        steps += _steps(each, key_of, context, below)
    return steps


def _steps(
    settings: ConcurrencySettings, key_of: KeyOf, context: CompileContext, below: tuple[int, ...]
) -> list[PhasedStep]:
    share: WorkerShare = context.services.get("worker_share", WorkerShare())
    rules = PlaceRules(share.of(settings.limit), settings.queue, settings.wait)
    places = planned(context.services, f"routes/{context.route_name}/{_KEY}/{shown_by(settings.by)}", rules)
    is_shared = settings.by == "route"
    refusal = PlaceRefusal(
        503 if is_shared else 429,
        "concurrency-limited",
        "Too many requests are on their way." if is_shared else "You have too many requests on their way.",
        _KEY,
        (*context.path, _KEY, *below),
    )
    return place_steps(Phase.LIMIT, Concurrency(places, key_of, refusal))


def max_concurrent_steps(most: int, context: CompileContext) -> list[PhasedStep]:
    """`max_concurrent: 100`: so many with each worker, and nobody waits."""
    places = planned(context.services, f"routes/{context.route_name}/max_concurrent", PlaceRules(most))
    detail = "Too many requests of this kind are on their way."
    refusal = PlaceRefusal(503, "route-busy", detail, "max_concurrent", (*context.path, "max_concurrent"))
    return place_steps(Phase.LIMIT, Concurrency(places, _of_all, refusal))


def upstream_steps(name: str, places: KeyedPlaces) -> list[PhasedStep]:
    """For every route to an upstream: the last steps of all, so that nobody has a place who is not ready for it."""
    path = ("upstreams", name, _KEY)
    refusal = PlaceRefusal(503, "concurrency-limited", "Too many requests are with the backend.", _KEY, path)
    steps = place_steps(Phase.SHAPE, Concurrency(places, _of_all, refusal))
    return [replace(step, policy=_KEY, path=path) for step in steps]


def _of_all(exchange: Exchange) -> str:
    return ""


def planned(services: Mapping[str, Any], name: str, rules: Rules) -> KeyedPlaces:
    """Places of a configuration that is being compiled."""
    plan: PlacePlan = services.get("places") or PlaceBook().plan()
    return plan.open(name, rules)


POLICY = PolicySpec(_KEY, ConcurrencySetting, compile_concurrency)
