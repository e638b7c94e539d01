"""`acr` and `max_age`: how, and how long ago, the user must have been authenticated (RFC 9470)."""

from collections.abc import Awaitable, Callable, Mapping

from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.pipeline.decision import Decision
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import Authenticator
from hotgate.pipeline.route import Outcome
from hotgate.policies.step_up import Demand, StepsUp, insufficient, never_sufficient

_OF_TOKENS = ("Bearer ", "DPoP ")


class StepUp:
    """The compiled step. now: epoch seconds. denied: the decision where the user must be authenticated anew."""

    def __init__(
        self, demand: Demand, identities: Mapping[str, Authenticator], now: Callable[[], float], denied: Decision
    ) -> None:
        self._demand = demand
        self._identities = identities
        self._now = now
        self._denied = denied

    def __call__(self, exchange: Exchange) -> Outcome | Awaitable[Outcome]:
        principal = exchange.principal
        if principal is not None and self._demand.is_met(principal, self._now()):
            return None
        exchange.decision = self._denied
        return self._refused(exchange, principal)

    def _refused(self, exchange: Exchange, principal: Principal | None) -> Response | Awaitable[Response]:
        authenticator = None if principal is None else self._identities.get(principal.provider)
        if isinstance(authenticator, StepsUp):
            return authenticator.step_up(exchange, self._demand)
        challenge = "" if authenticator is None else authenticator.challenge
        # Tokens say how their user has logged in; a key or a certificate is nobody's login.
        return insufficient(challenge, self._demand) if challenge.startswith(_OF_TOKENS) else never_sufficient()
