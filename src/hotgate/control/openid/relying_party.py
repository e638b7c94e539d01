"""What the gateway does at one provider: one method for each question of a worker, JSON in and JSON out."""

import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hotgate.control.openid.authorization_request import Wish
from hotgate.control.openid.clocks import SYSTEM_CLOCKS, Clocks
from hotgate.control.openid.failures import Failure, LoginFailed, SessionOver
from hotgate.control.openid.flights import Flights
from hotgate.control.openid.logins import Arrival, Logins
from hotgate.control.openid.logout_token import Claim, LogoutToken, LogoutTokens
from hotgate.control.openid.logouts import Logouts
from hotgate.control.openid.provider import Provider
from hotgate.control.openid.renewal_claims import RenewalClaims
from hotgate.control.openid.renewals import Renewals
from hotgate.observe.event_throttle import EventThrottle
from hotgate.observe.log import security_event

_log = logging.getLogger("hotgate.openid")
_log.addFilter(EventThrottle())  # a provider that is down for hours is asked for again and again

Body = Mapping[str, Any]


class RelyingParty:
    """At one provider. renewal_claims: see there. claim: uses up what may be used once (see `LogoutTokens`)."""

    def __init__(
        self, provider: Provider, renewal_claims: RenewalClaims, claim: Claim, clocks: Clocks = SYSTEM_CLOCKS
    ) -> None:
        self.provider = provider
        self._results: Counter[tuple[str, str]] = Counter()  # by question and what came of it
        most = provider.settings.max_flights
        # A bound for each: who floods the login must not keep those who have a session from going on, and who sends
        # tokens with keys that nobody has must not let everybody's questions wait behind the fetching of keys.
        self._login_flights, self._renewal_flights, self._logout_flights = Flights(most), Flights(most), Flights(most)
        self._logins = Logins(provider, clocks.now)
        self._renewals = Renewals(provider, self._renewal_flights, renewal_claims, clocks)
        self._logouts = Logouts(provider)
        self._logout_tokens = LogoutTokens(provider, claim, clocks.now)

    async def begin(self, body: Body) -> dict[str, Any]:
        """`{location}`: where the browser is sent; or `{error, detail}`."""

        async def begun() -> dict[str, Any]:
            with self._login_flights.one():
                return {"location": await self._logins.begin(Wish.read(body))}

        return await self._told("begin", begun)

    async def complete(self, body: Body) -> dict[str, Any]:
        """`{session}`, of one who has logged in; or `{error, detail}`."""

        async def completed() -> dict[str, Any]:
            with self._login_flights.one():
                return {"session": await self._logins.complete(Arrival.read(body))}

        return await self._told("login", completed)

    async def refresh(self, body: Body) -> dict[str, Any]:
        """`{session}`, renewed; `{over}`: the user must log in again; or `{error, detail}`: it stays as it is."""

        async def renewed() -> dict[str, Any]:
            return {"session": await self._renewals.renewed(body["session"])}

        return await self._told("renewal", renewed)

    async def logout_url(self, body: Body) -> dict[str, Any]:
        """`{location}`: where the browser is sent to log out at the provider, or None. What is left of the session's
        tokens is revoked in the background."""
        self._logouts.revoke(body)

        async def found() -> dict[str, Any]:
            location = await self._logouts.location(body.get("id_token"), body.get("return_to"), body.get("state"))
            return {"location": location}

        told = await self._told("logout", found)
        return told if "location" in told else {"location": None}  # who wants to go must not be kept

    async def verify_logout_token(self, token: bytes) -> LogoutToken:
        """What the provider tells of a logout. Raises LoginFailed, ProviderUnavailable, StoreUnavailable."""
        with self._logout_flights.one():
            return await self._logout_tokens.verified(token)

    def state(self) -> dict[str, Any]:
        """For metrics. results: how many questions, by question and what came of it."""
        calls = self.provider.calls
        return {"provider": self.provider.name, "results": dict(self._results), "circuit_open": calls.is_left_alone}

    async def close(self) -> None:
        """End all work and connections."""
        await self._renewals.stop()
        await self._logouts.stop()
        await self.provider.close()

    async def _told(self, what: str, work: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        try:
            found = await work()
        except Failure as failure:
            self._results[what, failure.code] += 1
            self._report(what, failure)
            return {"over": True} if isinstance(failure, SessionOver) else _error(failure)
        self._results[what, "ok"] += 1
        return found

    def _report(self, what: str, failure: Failure) -> None:
        name = self.provider.name
        if isinstance(failure, SessionOver):
            _log.info("a session of %s is over: %s", name, failure)
        elif isinstance(failure, LoginFailed):
            security_event("login-failed", provider=name, reason=str(failure))
        else:
            _log.warning("%s with the provider of %s: %s", what, name, failure)


def _error(failure: Failure) -> dict[str, Any]:
    return {"error": failure.code, "detail": failure.detail}
