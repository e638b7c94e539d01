"""One entry, compiled: a known token costs a look-up; an unknown one is asked about once, whoever sends it."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hotgate.http.response import Response
from hotgate.identity.assertion import MAX_BYTES
from hotgate.identity.challenge import (
    RETRY_AFTER,
    introspection_unavailable,
    store_unavailable,
    token_refused,
)
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.introspected import AnswersOnly, IntrospectedTokens
from hotgate.identity.tokens.jose_header import malformed
from hotgate.identity.tokens.jwt import check_size
from hotgate.identity.tokens.refused_tokens import RefusedTokens
from hotgate.identity.tokens.revocations import NoRevocations, Revocations, is_revoked
from hotgate.identity.tokens.token_cache import TokenCache
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.introspection.questions import ActiveToken, IntrospectionUnavailable, TokenQuestions
from hotgate.policies.introspection.settings import IntrospectionSettings
from hotgate.policies.tokens.sender_constraint import SenderConstraint
from hotgate.store.errors import StoreUnavailable

Verdict = Principal | CredentialRefused | IntrospectionUnavailable | StoreUnavailable

_b64token = re.compile(rb"[A-Za-z0-9._~+/-]+=*").fullmatch  # RFC 6750 §2.1


class IntrospectionAuthenticator:
    """One server's tokens. services: "ask", and if they are there "wall_clock" (seconds since the epoch) and
    "credentials" (Revocations) and "proof_uses"."""

    def __init__(self, name: str, settings: IntrospectionSettings, services: Mapping[str, Any]) -> None:
        self.name = name
        self._sender = SenderConstraint(settings.realm or name, settings, services)
        self.challenge = ", ".join(self._sender.challenges)
        self.forwards_credential = settings.forward == "token"
        self.replaces_token = settings.forward == "answer"
        self.rules = settings.rules()
        self.places = settings.token
        self.needs_hosts = settings.needs_hosts
        self.finder = settings.finder()
        self.sources = self.finder.sources
        self._clock: Callable[[], float] = services.get("wall_clock", time.time)
        self._revocations: Revocations = services.get("credentials") or NoRevocations()
        self._cache = TokenCache(AnswersOnly(), self._revocations, settings.cache.entries)
        self._refused = RefusedTokens(settings.cache.negative_ttl, settings.cache.entries)
        self._questions = TokenQuestions(settings.source(name), services.get("ask"), settings.timeout)
        self._tokens = IntrospectedTokens(name, self.rules, checks_issuer=settings.issuer is not None)
        self._flights: dict[bytes, asyncio.Task[Verdict]] = {}

    def authenticate(self, exchange: Exchange) -> Any:
        """Principal, refusal, an awaitable of them when somebody must be asked, or None without a token."""
        try:
            found = self.finder.find(exchange.request)
        except CredentialRefused as refusal:
            return self.refuse(refusal)
        if found is None:
            return None
        return self._cache.get(found, self._clock()) or self.admit(found, exchange)

    def recognized(self, found: bytes) -> Principal | None:
        """Whom what the finder has found proved before, if it still does."""
        return self._cache.get(found, self._clock())

    def admit(self, found: bytes, exchange: Exchange) -> Awaitable[Principal | Response] | Response | None:
        """Ask about what the finder has found and the cache has not; the outcomes are those of `authenticate`."""
        try:
            token = self.finder.token(found)
            if token is None:
                return None
            _check_form(token, self.rules.max_bytes)
            self._refused.check(found, self._clock())
        except CredentialRefused as refusal:
            return self.refuse(refusal)
        return self._admitted_later(found, token, exchange.client)

    def refuse(self, refusal: CredentialRefused) -> Response:
        """The answer to a token that is not accepted."""
        return token_refused(self._sender.challenges, refusal)

    def presented_token(self, exchange: Exchange) -> bytes | None:
        """The caller's token, as it came."""
        found = self.finder.find(exchange.request)
        return None if found is None else self.finder.token(found)

    async def _admitted_later(self, found: bytes, token: bytes, client: str) -> Principal | Response:
        """Whoever sends the same token meanwhile waits for the same answer."""
        flight = self._flights.get(found)
        if flight is None:
            flight = self._flights[found] = asyncio.create_task(self._judged(found, token, client))
            flight.add_done_callback(lambda _: self._flights.pop(found, None))
        verdict = await asyncio.shield(flight)  # one client that goes away does not end it for the others
        if isinstance(verdict, Principal):
            return verdict
        if isinstance(verdict, CredentialRefused):
            return self.refuse(verdict)
        if isinstance(verdict, StoreUnavailable):
            return store_unavailable(verdict)
        return introspection_unavailable(str(verdict), str(verdict.retry_after or RETRY_AFTER))

    async def _judged(self, found: bytes, token: bytes, client: str) -> Verdict:
        """What everybody who waits is told. Only a refusal is remembered: that nobody could be asked says nothing."""
        try:
            answer = await self._questions.about(token, client)
            return self._principal(found, token, answer)
        except CredentialRefused as refusal:
            # By what the token was found in: who sends a bound one without its proof locks out nobody who has it.
            self._refused.add(found, refusal, self._clock())
            return CredentialRefused(refusal.code, refusal.log_detail)  # without the frames that this one has seen
        except IntrospectionUnavailable as error:
            return IntrospectionUnavailable(str(error), error.retry_after)
        except StoreUnavailable as error:
            return StoreUnavailable(str(error))

    def _principal(self, found: bytes, token: bytes, answer: ActiveToken) -> Principal:
        verified = self._tokens.verified(answer.claims, answer.keep, self._clock())
        principal = verified.principal
        principal.confirmations = self._sender.confirmations(principal, found, token)
        if self.replaces_token:
            if len(answer.jwt) > MAX_BYTES:
                raise IntrospectionUnavailable(f"the answer has more than {MAX_BYTES} bytes: no field would hold it")
            principal.forwarded = (b"authorization", b"Bearer " + answer.jwt)
        version = self._revocations.version
        if is_revoked(self._revocations, principal):
            raise CredentialRefused("token-revoked", "revoked, or its subject, session or client")
        self._cache.put(found, verified, version, len(answer.claims) + len(answer.jwt))
        return principal


def _check_form(token: bytes, max_bytes: int) -> None:
    """What no server gives out is not worth a question. Raises CredentialRefused."""
    check_size(token, max_bytes)
    if not _b64token(token):
        raise malformed("not a b64token")
