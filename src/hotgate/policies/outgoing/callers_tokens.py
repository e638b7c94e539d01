"""`token_exchange`: backends are shown a token that was issued in exchange for the caller's (RFC 8693)."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from hotgate.config.token_credentials import TokenExchange
from hotgate.http.response import Response
from hotgate.identity.challenge import credential_missing
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.outgoing import CREDENTIAL, OutgoingContext
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import PhasedStep
from hotgate.pipeline.route import Outcome
from hotgate.policies.outgoing.kept_between_reloads import kept_between_reloads
from hotgate.policies.outgoing.own_fields import OwnFields
from hotgate.policies.outgoing.shown_token import Ask, NoToken, Refused, ShownToken, asked
from hotgate.policies.outgoing.token_problems import exchange_refused, unavailable
from hotgate.policies.outgoing.token_table import TokenTable

REFUSED_FOR = 10.0  # seconds for which a refusal is remembered
MOST_WAITING = 256  # callers whose tokens are being exchanged, in one worker
_UNKNOWN_END = 86400.0  # seconds; of a credential that does not say when it ends

Exchanged = ShownToken | Refused


class CallersTokens:
    """One worker's tokens for one upstream, by digests of the callers'. clock: monotonic seconds."""

    def __init__(self, source: str, ask: Ask | None, clock: Callable[[], float]) -> None:
        self._source = source
        self._ask = ask
        self._clock = clock
        self._table: TokenTable[Exchanged] = TokenTable()
        self._flights: dict[bytes, asyncio.Task[Exchanged]] = {}

    def known(self, subject: bytes) -> Exchanged | None:
        """What was found out before about a caller's token."""
        return self._table.get(self._table.digest(subject), self._clock())

    async def exchanged(self, subject: bytes, good_for: float) -> Exchanged:
        """Find out; all who wait for the same ask once. good_for: seconds until `subject` ends. Raises NoToken."""
        return await asyncio.shield(self._flight(self._table.digest(subject), subject, good_for))

    def _flight(self, digest: bytes, subject: bytes, good_for: float) -> "asyncio.Task[Exchanged]":
        flight = self._flights.get(digest)
        if flight is None:
            if len(self._flights) >= MOST_WAITING:
                raise NoToken("too many tokens are being exchanged")
            flight = asyncio.get_running_loop().create_task(self._fetch(digest, subject, good_for))
            self._flights[digest] = flight
            flight.add_done_callback(lambda done: self._landed(digest, done))
        return flight

    def _landed(self, digest: bytes, flight: "asyncio.Task[Exchanged]") -> None:
        del self._flights[digest]
        if not flight.cancelled():
            flight.exception()  # whoever waited may have left

    async def _fetch(self, digest: bytes, subject: bytes, good_for: float) -> Exchanged:
        body = {"source": self._source, "subject": subject.decode("ascii"), "good_for": good_for}
        found = await asked(self._ask, body, self._clock)
        kept: Exchanged = Refused(found, self._clock() + REFUSED_FOR) if isinstance(found, str) else found
        self._table.put(digest, kept)
        return kept


def token_exchange_steps(settings: TokenExchange, context: OutgoingContext) -> Sequence[PhasedStep]:
    """The step, for which the caller's token is kept."""
    services = context.services
    clock: Callable[[], float] = services.get("monotonic_clock", time.monotonic)
    wall_clock: Callable[[], float] = services.get("wall_clock", time.time)
    source = settings.source(context.name)
    tokens = kept_between_reloads(services, source, lambda: CallersTokens(source, services.get("ask"), clock))
    own = OwnFields(b"authorization")

    def show(exchange: Exchange) -> Outcome | Awaitable[Outcome]:
        subject = exchange.state.get(CREDENTIAL)
        if subject is None:
            return credential_missing(("Bearer",))
        known = tokens.known(subject)
        return wait(exchange, subject) if known is None else shown(exchange, known)

    def shown(exchange: Exchange, found: Exchanged) -> Response | None:
        if isinstance(found, Refused):
            return exchange_refused(found.code)
        own.set(exchange.request.headers, found.fields)
        return None

    async def wait(exchange: Exchange, subject: bytes) -> Outcome:
        principal = exchange.principal
        ends = None if principal is None else principal.expires
        good_for = _UNKNOWN_END if ends is None else max(0.0, ends - wall_clock())
        try:
            return shown(exchange, await tokens.exchanged(subject, good_for))
        except NoToken as missing:
            return unavailable(missing)

    return (PhasedStep(Phase.SHAPE, show, owned_fields=own.spellings, needs_credential=True),)
