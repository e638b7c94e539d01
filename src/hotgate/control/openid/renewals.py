"""Renewals of sessions with refresh tokens: one at a time for each token, whoever asks (OpenID Connect Core §12)."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from hashlib import sha256
from typing import Any

from hotgate.control.openid.clocks import SYSTEM_CLOCKS, Clocks
from hotgate.control.openid.failures import Failure, LoginFailed, ProviderRefused, ProviderUnavailable, SessionOver
from hotgate.control.openid.flights import Flights
from hotgate.control.openid.id_token import Claims
from hotgate.control.openid.provider import Provider
from hotgate.control.openid.provider_metadata import Endpoints
from hotgate.control.openid.renewal_claims import RenewalClaims
from hotgate.control.openid.token_answer import TokenAnswer

GRACE = 10.0  # seconds in which who comes with the token before gets what was got for it
_MOST_FINISHED = 2000  # a few KiB each

Session = Mapping[str, Any]
Outcome = Session | Failure


class Renewals:
    """At one provider."""

    def __init__(
        self,
        provider: Provider,
        flights: Flights,
        claims: RenewalClaims,
        clocks: Clocks = SYSTEM_CLOCKS,
    ) -> None:
        self._provider = provider
        self._flights = flights
        self._claims = claims
        self._clock = clocks.monotonic
        self._now = clocks.now
        self._flying: dict[str, asyncio.Task[Outcome]] = {}
        self._finished: OrderedDict[str, tuple[float, Outcome]] = OrderedDict()

    async def renewed(self, session: Session) -> Session:
        """The session with new tokens. Raises SessionOver, ProviderUnavailable, RenewedElsewhere.

        Two requests with one old cookie get one answer: the provider would take the second for a thief's, and end the
        session of both.
        """
        refresh = session["tokens"].get("refresh")
        if not isinstance(refresh, str):
            raise SessionOver("it has no refresh token")
        digest = sha256(refresh.encode()).hexdigest()
        outcome = self._remembered(digest) or await self._joined(digest, session)
        if isinstance(outcome, Failure):
            raise outcome
        return outcome

    async def stop(self) -> None:
        """End all work."""
        for task in self._flying.values():
            task.cancel()
        await asyncio.gather(*self._flying.values(), return_exceptions=True)

    def _remembered(self, digest: str) -> Outcome | None:
        while self._finished and next(iter(self._finished.values()))[0] < self._clock():
            self._finished.popitem(last=False)
        found = self._finished.get(digest)
        return None if found is None else found[1]

    async def _joined(self, digest: str, session: Session) -> Outcome:
        flight = self._flying.get(digest)
        if flight is None:
            flight = self._flying[digest] = asyncio.create_task(self._fly(digest, session))
        await asyncio.wait({flight})  # whoever stops waiting does not end it for the others
        return flight.result()

    async def _fly(self, digest: str, session: Session) -> Outcome:
        try:
            with self._flights.one():
                await self._claims.claim(digest)
                outcome: Outcome = await self._renew(session)
        except (LoginFailed, SessionOver) as failure:
            outcome = SessionOver(str(failure))
        except Failure as failure:
            return failure  # it may go better the next time
        finally:
            del self._flying[digest]
        self._remember(digest, outcome)
        return outcome

    def _remember(self, digest: str, outcome: Outcome) -> None:
        if len(self._finished) >= _MOST_FINISHED:
            self._finished.popitem(last=False)
        self._finished[digest] = self._clock() + GRACE, outcome

    async def _renew(self, session: Session) -> Session:
        endpoints = await self._provider.metadata.endpoints()
        answer = await self._tokens(session["tokens"]["refresh"], endpoints)
        claims = await self._renewed_claims(session["claims"], answer, endpoints)
        tokens = {
            **session["tokens"],
            "access": answer.access,
            "access_expires": int(self._now()) + answer.lifetime,
            "refresh": answer.refresh or session["tokens"]["refresh"],
            "id_token": answer.id_token or session["tokens"].get("id_token"),
        }
        return {**session, "claims": claims, "tokens": tokens}

    async def _tokens(self, refresh: str, endpoints: Endpoints) -> TokenAnswer:
        form = {"grant_type": "refresh_token", "refresh_token": refresh}
        try:
            return TokenAnswer.read(await self._provider.calls.post(endpoints.token, form))
        except ProviderRefused as refusal:
            if refusal.error == "invalid_grant":  # RFC 6749 §5.2: expired, revoked, or used by somebody else
                raise SessionOver(str(refusal)) from None
            # Its client was misconfigured, or its server is in trouble: not the user's fault.
            raise ProviderUnavailable(str(refusal)) from None

    async def _renewed_claims(self, before: Claims, answer: TokenAnswer, endpoints: Endpoints) -> Claims:
        """Trouble from here on leaves the claims as they were: the token that was sent may be worth nothing now, so
        what has come for it must be kept."""
        said = await self._id_token_claims(before, answer)
        info = await self._userinfo(before, answer, endpoints)
        if not said and not info:
            return before
        are_all = bool(said) and (bool(info) or not self._provider.settings.userinfo)
        scope = answer.scope or before.get("scope")
        found = {**({"scope": scope} if scope else {}), **info, **said}
        return self._provider.kept.renewed(before, found, are_all=are_all)

    async def _id_token_claims(self, before: Claims, answer: TokenAnswer) -> Claims:
        if answer.id_token is None:
            return {}
        check = partial(self._provider.id_tokens.check_renewal, before=before)
        try:
            return await self._provider.verified(answer.id_token, answer.access, self._now(), check)
        except ProviderUnavailable:
            return {}

    async def _userinfo(self, before: Claims, answer: TokenAnswer, endpoints: Endpoints) -> Claims:
        if not self._provider.settings.userinfo:
            return {}
        try:
            return await self._provider.userinfo.claims(endpoints, answer.access, before["sub"])
        except (ProviderUnavailable, ProviderRefused):
            return {}
