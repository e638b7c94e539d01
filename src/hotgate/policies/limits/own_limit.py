"""Limits that callers have of their own: a key's `limit`, say. Part of every route that authenticates."""

from collections.abc import Awaitable, Mapping
from typing import Any

from hotgate.identity.principal import Principal
from hotgate.limits.address_key import address_key
from hotgate.limits.decision import LimitDecision
from hotgate.limits.key import principal_key
from hotgate.limits.limit import Limit
from hotgate.pipeline.decision import Path
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import PhasedStep
from hotgate.pipeline.route import Outcome
from hotgate.policies.limits.limit_answer import answer_of


def own_limit_step(services: Mapping[str, Any], path: Path = ()) -> PhasedStep:
    """The step. The service "limiter" may be missing when a configuration is only checked.

    path: of the key of the file by which callers come in, `authenticate`.
    """
    limiter: Any = services.get("limiter")

    def spend(exchange: Exchange) -> Outcome | Awaitable[Outcome]:
        principal = exchange.principal
        if principal is None or (limit := principal.limit) is None:
            return None
        decision = limiter.spend(limit, _key(exchange.client, principal))
        if decision is None or isinstance(decision, LimitDecision):
            return answer_of(limit, path).tell(exchange, decision)
        return tell_later(exchange, limit, decision)

    async def tell_later(exchange: Exchange, limit: Limit, pending: Awaitable[LimitDecision | None]) -> Outcome:
        return answer_of(limit, path).tell(exchange, await pending)

    return PhasedStep(Phase.LIMIT, spend)


def _key(client: str, principal: Principal) -> str:
    """Whose bucket: the credential's, for the limit is said of it; the caller's where none has a name. A guest's is
    that of the address: guests have one name, and would use up each other's.
    """
    if principal.is_anonymous:
        return address_key(client)
    return principal_key(principal.provider, principal.credential or principal.subject)
