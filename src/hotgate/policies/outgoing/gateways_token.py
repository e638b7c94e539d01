"""`client_credentials`: backends are shown a token of the gateway's own, which the control process keeps fresh.

A request waits only where the worker has none that is good. A backend that answers 401 makes it ask for another, while
the one that it has is shown further: who can make a backend say 401 must not stop everybody.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from hotgate.config.token_credentials import ClientCredentials
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.outgoing import OutgoingContext
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import PhasedStep
from hotgate.pipeline.route import Outcome
from hotgate.policies.outgoing.kept_between_reloads import kept_between_reloads
from hotgate.policies.outgoing.own_fields import OwnFields
from hotgate.policies.outgoing.shown_token import Ask, NoToken, ShownToken, asked
from hotgate.policies.outgoing.token_problems import unavailable

RENEWAL_INTERVAL = 2.0  # seconds between two questions for a newer token
REJECTED_INTERVAL = 10.0  # seconds between two of them because a backend has refused it
_SHOWN = "credentials.token"


class GatewaysToken:
    """One worker's copy. source: what to ask for (`TokenRequest.source`). clock: monotonic seconds."""

    def __init__(self, source: str, ask: Ask | None, clock: Callable[[], float]) -> None:
        self._source = source
        self._ask = ask
        self._clock = clock
        self._held: ShownToken | None = None
        self._ask_again_at = self._listen_again_at = float("-inf")
        self._flight: asyncio.Task[ShownToken] | None = None

    def good(self) -> ShownToken | None:
        """The token, if there is one that is good; asks for a newer one in time."""
        now, held = self._clock(), self._held
        if held is None or now >= held.good_until:
            return None
        if now >= held.renew_at and now >= self._ask_again_at:
            self._ask_again_at = now + RENEWAL_INTERVAL
            self._request("")
        return held

    async def obtained(self) -> ShownToken:
        """Wait for a good one; all who wait ask once. Raises NoToken."""
        return await asyncio.shield(self._request(""))

    def was_rejected(self, shown: ShownToken) -> None:
        """A backend has answered 401 to this one."""
        now = self._clock()
        if shown is self._held and now >= self._listen_again_at:
            self._listen_again_at = now + REJECTED_INTERVAL
            self._request(shown.fingerprint)

    def _request(self, rejected: str) -> "asyncio.Task[ShownToken]":
        if self._flight is None:
            self._flight = asyncio.get_running_loop().create_task(self._fetch(rejected))
            self._flight.add_done_callback(self._landed)
        return self._flight

    def _landed(self, flight: "asyncio.Task[ShownToken]") -> None:
        self._flight = None
        if not flight.cancelled():
            flight.exception()  # nobody may have waited

    async def _fetch(self, rejected: str) -> ShownToken:
        found = await asked(self._ask, {"source": self._source, "rejected": rejected}, self._clock)
        if isinstance(found, str):
            raise NoToken(f"the authorization server refuses: {found}")
        self._held = found
        return found


def client_credentials_steps(settings: ClientCredentials, context: OutgoingContext) -> Sequence[PhasedStep]:
    """One that shows the token, and one that looks at what the backend says of it."""
    services = context.services
    clock: Callable[[], float] = services.get("monotonic_clock", time.monotonic)
    source = settings.source(context.name)
    token = kept_between_reloads(services, source, lambda: GatewaysToken(source, services.get("ask"), clock))
    own = OwnFields(b"authorization")

    def show(exchange: Exchange) -> Outcome | Awaitable[Outcome]:
        held = token.good()
        if held is None:
            return wait(exchange)
        own.set(exchange.request.headers, held.fields)
        exchange.state[_SHOWN] = held
        return None

    async def wait(exchange: Exchange) -> Outcome:
        try:
            held = await token.obtained()
        except NoToken as missing:
            return unavailable(missing)
        own.set(exchange.request.headers, held.fields)
        exchange.state[_SHOWN] = held
        return None

    def notice(exchange: Exchange) -> None:
        response, shown = exchange.response, exchange.state.get(_SHOWN)
        if shown is not None and response is not None and response.status == 401:
            token.was_rejected(shown)

    return (PhasedStep(Phase.SHAPE, show, owned_fields=own.spellings), PhasedStep(Phase.RESPOND, notice))
