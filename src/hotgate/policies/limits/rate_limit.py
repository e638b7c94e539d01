"""`rate_limit: {limit: 100/minute, by: principal}`: how many requests each caller may make."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from pydantic import Field

from hotgate.config.settings import Form, Name, Settings, WholeNumber
from hotgate.config.units import RateValue
from hotgate.limits.address_key import address_key
from hotgate.limits.decision import LimitDecision
from hotgate.limits.key import header_key, principal_key
from hotgate.limits.lease_client import LeaseClient
from hotgate.limits.limit import Limit
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext, PhasedStep, PolicySpec
from hotgate.pipeline.route import Outcome
from hotgate.policies.limits.limit_answer import LimitAnswer

_BY = r"principal|address|route|header:[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,64}"

KeyOf = Callable[[Exchange], str]


class RateLimitSettings(Settings):
    """A token bucket for each caller: it holds `burst` requests and refills at the rate of `limit`."""

    limit: RateValue = Field(description="Requests in a time, such as 100/minute. Refills continuously.")
    by: Annotated[str, Form(f"({_BY})", "use principal, address, route or header:NAME")] = Field(
        default="principal",
        description="What has a bucket of its own: the authenticated caller (principal; the address of guests and where"
        " nobody is authenticated), the client's address (the /64 of an IPv6 address), the whole route, or each value"
        " of a request header. Clients choose headers: use one only if a proxy before Hotgate sets it.",
    )
    burst: Annotated[int, WholeNumber(1, 10**9)] | None = Field(
        default=None, description="Requests that may come at once; by default the number in `limit`."
    )
    share: Name | None = Field(
        default=None,
        description="Routes with the same name here share their buckets; give them the same `limit` and `burst`.",
    )


class RateLimit:
    """The compiled policy: a token for each request, and the fields by which the answer tells the caller."""

    def __init__(self, limit: Limit, key_of: KeyOf, limiter: LeaseClient) -> None:
        self._limit = limit
        self._key_of = key_of
        self._limiter = limiter
        self._answer = LimitAnswer(limit)

    def spend(self, exchange: Exchange) -> Outcome | Awaitable[Outcome]:
        """Take a token; denied → 429. Returns an awaitable when the authority must be asked."""
        decision = self._limiter.spend(self._limit, self._key_of(exchange))
        if decision is None or isinstance(decision, LimitDecision):
            return self._answer.tell(exchange, decision)
        return self._tell_later(exchange, decision)

    async def _tell_later(self, exchange: Exchange, decision: Awaitable[LimitDecision | None]) -> Outcome:
        return self._answer.tell(exchange, await decision)


def _by_principal(exchange: Exchange) -> str:
    principal = exchange.principal
    if principal is None or principal.is_anonymous:
        return address_key(exchange.client)
    return principal_key(principal.provider, principal.subject)


def _by_address(exchange: Exchange) -> str:
    return address_key(exchange.client)


def _by_route(exchange: Exchange) -> str:
    return "r"


def _by_header(name: bytes) -> KeyOf:
    """All values count, in their order: a second field cannot hide the first. Without the header, the address."""

    def key_of(exchange: Exchange) -> str:
        values = exchange.request.headers.get_all(name)
        return header_key(b",".join(values).decode("latin-1")) if values else address_key(exchange.client)

    return key_of


def _key_of(by: str) -> KeyOf:
    kind, _, name = by.partition(":")
    if kind == "header":
        return _by_header(name.lower().encode("ascii"))
    return {"principal": _by_principal, "address": _by_address, "route": _by_route}[kind]


def compile_rate_limit(settings: RateLimitSettings, context: CompileContext) -> list[PhasedStep]:
    """One step. The service "limiter" may be missing when a configuration is only checked."""
    limiter: Any = context.services.get("limiter")
    name = settings.share or context.route_name
    limit = Limit(
        f"share/{name}" if settings.share else f"route/{name}",
        name=name,
        quota=settings.limit.count,
        window=settings.limit.window,
        burst=settings.burst,
    )
    terms = (settings.limit, settings.burst)
    if settings.share and context.services.get("shared_limits", {}).setdefault(name, terms) != terms:
        raise ValueError("another route shares these buckets under another limit or burst")
    policy = RateLimit(limit, _key_of(settings.by), limiter)
    return [PhasedStep(Phase.LIMIT, policy.spend)]


POLICY = PolicySpec("rate_limit", RateLimitSettings, compile_rate_limit)
