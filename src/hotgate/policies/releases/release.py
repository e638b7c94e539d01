"""`release: {to: {orders-next: 5%}}`: part of a route's requests goes to other upstreams.

The step chooses a side and puts the route's twin toward it in the place of the exchange's route; everything else of it
is the same. It stands behind every policy that could refuse the request, so nobody gets past one by being on a side.
"""

from collections.abc import Mapping
from time import monotonic

from hotgate.observe.side_recorder import SideRecorder
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicySpec, WrongSetting, WrongSettings
from hotgate.pipeline.route import Route
from hotgate.policies.conditions.condition import ConditionFailed
from hotgate.policies.releases.overrides import NOTHING, Override, ReleaseOverrides
from hotgate.policies.releases.release_settings import ReleaseSettings
from hotgate.policies.releases.rules import Test, compile_test
from hotgate.policies.releases.split import Split
from hotgate.policies.releases.sticking import KeyOf, sticking
from hotgate.upstream.upstream import Upstream

_CHOSEN = "release.chosen"


class Side:
    """An upstream of a release. counts: how it does. share: of the file; 0 for the route's own, which gets the rest."""

    __slots__ = ("counts", "name", "share", "upstream")

    def __init__(self, upstream: Upstream, counts: SideRecorder, share: float = 0.0) -> None:
        self.name = upstream.name
        self.upstream = upstream
        self.counts = counts
        self.share = share


class Release:
    """route_name: by which overrides know it. stable: the route's own upstream. sides: the others. rules: (test, side)
    in order.
    """

    def __init__(
        self,
        route_name: str,
        stable: Side,
        sides: list[Side],
        rules: list[tuple[Test, Side]],
        key_of: KeyOf,
        overrides: ReleaseOverrides,
    ) -> None:
        self._route_name = route_name
        self._stable = stable
        self._sides = sides
        self._rules = rules
        self._key_of = key_of
        self._overrides = overrides
        self._twins: dict[tuple[Route, Side], Route] = {}
        self._applied = NOTHING
        self._split = self._split_by(NOTHING)

    def choose(self, exchange: Exchange) -> None:
        """Send the request to one of the sides."""
        override = self._overrides.by_route.get(self._route_name, NOTHING)
        if override is not self._applied:
            self._split = self._split_by(override)
            self._applied = override
        side = self._ruled(exchange)
        if side is None or side.name in override.closed:
            side = self._split.only or self._split.choose(self._key_of(exchange))
        if side.upstream.availability.is_down and side is not self._stable:
            side.counts.fallbacks += 1
            side = self._stable
        exchange.route = self._toward(exchange.route, side)
        exchange.state[_CHOSEN] = side, monotonic()

    def observe(self, exchange: Exchange) -> None:
        """Count what became of it."""
        chosen = exchange.state.get(_CHOSEN)
        if chosen is not None and exchange.response is not None:
            side, at = chosen
            side.counts.answered(exchange.response.status, monotonic() - at)

    def _ruled(self, exchange: Exchange) -> Side | None:
        try:
            for fits, side in self._rules:
                if fits(exchange):
                    return side
        except ConditionFailed:
            return self._stable  # nobody can say where it belongs, so it goes where it always went
        return None

    def _split_by(self, override: Override) -> Split[Side]:
        shares = [(side, override.share_of(side.name, side.share)) for side in self._sides]
        return Split([*shares, (self._stable, round(1.0 - sum(share for _, share in shares), 6))])

    def _toward(self, route: Route, side: Side) -> Route:
        """Made with the first request; there are as many as the file has versions of the route, times sides."""
        twin = self._twins.get((route, side))
        if twin is None:
            twin = self._twins[route, side] = route.toward(side.upstream)
        return twin


def compile_release(settings: ReleaseSettings, context: CompileContext) -> list[PhasedStep]:
    """The step that chooses, and the one that counts. Raises ValueError or WrongSettings."""
    upstreams = context.services["upstreams"]
    if context.upstream_name not in upstreams:
        raise ValueError("only a route with an `upstream` has requests to send elsewhere")
    problems: list[WrongSetting] = []
    if context.upstream_name in settings.to:
        says = "this is the route's own upstream, which gets the rest"
        problems.append(WrongSetting(("to", context.upstream_name), says))
    sides = _sides({**settings.to, context.upstream_name: 0.0}, context)
    rules = _rules(settings, context, sides, problems)
    if problems:
        raise WrongSettings(problems)
    stable = sides.pop(context.upstream_name)
    overrides = context.services.get("releases") or ReleaseOverrides()
    release = Release(context.route_name, stable, list(sides.values()), rules, sticking(settings.sticky), overrides)
    return [PhasedStep(Phase.SHAPE, release.choose), PhasedStep(Phase.RESPOND, release.observe)]


def _sides(shares: Mapping[str, float], context: CompileContext) -> dict[str, Side]:
    """By name; names that do not exist have been told of (`config/references.py`)."""
    upstreams, route = context.services["upstreams"], context.route_name
    count = context.services.get("count_side", SideRecorder)
    known = {name: share for name, share in shares.items() if name in upstreams}
    return {name: Side(upstreams[name], count(route, name), share) for name, share in known.items()}


def _rules(
    settings: ReleaseSettings, context: CompileContext, sides: Mapping[str, Side], problems: list[WrongSetting]
) -> list[tuple[Test, Side]]:
    rules: list[tuple[Test, Side]] = []
    for index, rule in enumerate(settings.rules):
        if rule.to not in sides:
            says = "this is neither the route's own upstream nor one under `release.to`"
            problems.append(WrongSetting(("rules", index, "to"), says))
            continue
        try:
            rules.append((compile_test(rule, context), sides[rule.to]))
        except WrongSetting as error:
            problems.append(WrongSetting(("rules", index, *error.path), str(error)))
    return rules


POLICY = PolicySpec("release", ReleaseSettings, compile_release, sees_last_form=True)
