"""Callers with a name and a password, whoever knows the passwords: the control process finds out, and the worker
remembers for a while what was right.

A password is made to be slow to check. That happens in the control process, in threads of which there are few, so that
guesses cannot take the processor from requests of others.
"""

import secrets
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from hashlib import blake2b
from typing import Any, Protocol

from hotgate.http.response import Response
from hotgate.identity.challenge import basic_challenge, password_check_unavailable, password_refused, store_unavailable
from hotgate.identity.passwords.basic_credentials import NameAndPasswordSource, basic_value, parse
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.stored_consumer import ConsumerDisabled, NoConsumer, StoredConsumers
from hotgate.identity.tokens.revocations import NoRevocations, Revocations, is_revoked
from hotgate.limits.address_key import address_key
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.passwords.basic_settings import PasswordSettings
from hotgate.store.credentials import Credentials
from hotgate.store.errors import StoreUnavailable

ABOUT = "password"  # the question that the control process is asked
WAIT = 10.0  # seconds for its answer
MAX_KNOWN = 10_000  # passwords that were right
MAX_WAITING = 4  # checks of one client that may be under way: no guesser holds up everybody else

Outcome = Principal | Response


class Identified(Protocol):
    """Whom a right password proves. answer: what the control process has said besides."""

    def __call__(self, name: str, answer: Mapping[str, Any], now: float) -> Principal: ...


class PasswordAuthenticator:
    """One entry, compiled. services: "ask", and if they are there "wall_clock" (epoch seconds) and "credentials"."""

    forwards_credential = False

    def __init__(
        self, name: str, settings: PasswordSettings, services: Mapping[str, Any], identified: Identified
    ) -> None:
        self.name = name
        self.challenge = basic_challenge(settings.realm or name)
        self.sources = (NameAndPasswordSource(),)
        self._source = settings.source(name)
        self._ask: Callable[..., Awaitable[Any]] | None = services.get("ask")
        self._clock: Callable[[], float] = services.get("wall_clock", time.time)
        self._revocations: Revocations = services.get("credentials") or NoRevocations()
        self._consumers = StoredConsumers(services.get("credentials") or Credentials()) if settings.consumers else None
        self._identified = identified
        self._known = KnownPasswords(settings.cache, self._revocations)
        self._waiting: dict[str, int] = {}

    def authenticate(self, exchange: Exchange) -> Outcome | Awaitable[Outcome] | None:
        """Principal, refusal, an awaitable of them where the password must be checked, or None without one."""
        try:
            value = basic_value(exchange.request)
            if value is None:
                return None
            principal = self._known.get(value, self._clock())
            if principal is not None:
                return self._admitted(principal)
            credentials = parse(value)
        except CredentialRefused as refusal:
            return password_refused(self.challenge, refusal)
        return self._checked(value, credentials.name, credentials.password, address_key(exchange.client))

    async def _checked(self, value: bytes, name: str, password: str, client: str) -> Outcome:
        """What the control process says of it. client: its `address_key`."""
        if self._ask is None:
            return password_check_unavailable("there is no control process to ask")
        if self._waiting.get(client, 0) >= MAX_WAITING:
            return password_check_unavailable("too many passwords of this client are being checked")
        self._waiting[client] = self._waiting.get(client, 0) + 1
        try:
            version, asked_at = self._revocations.version, self._clock()
            answer = await self._ask(ABOUT, {"source": self._source, "name": name, "password": password}, WAIT)
        except Exception as error:  # noqa: BLE001 (whoever cannot ask lets nobody in, whatever the reason)
            return password_check_unavailable(str(error))
        finally:
            self._waiting[client] -= 1
            if not self._waiting[client]:
                del self._waiting[client]
        if answer.get("right") is not True:
            return password_refused(self.challenge, CredentialRefused("password-wrong", "no such name and password"))
        return self._concluded(value, self._identified(name, answer, asked_at), version)

    def _concluded(self, value: bytes, principal: Principal, version: int) -> Outcome:
        """The password was right; what was revoked since it was sent is revoked all the same."""
        try:
            if is_revoked(self._revocations, principal):
                refusal = CredentialRefused("password-revoked", "the name was revoked")
                return password_refused(self.challenge, refusal)
        except StoreUnavailable as error:
            return store_unavailable(error)
        self._known.put(value, principal, self._clock(), version)
        return self._admitted(principal)

    def _admitted(self, proved: Principal) -> Outcome:
        if self._consumers is None:
            return proved
        try:
            return self._consumers.completed(proved)
        except NoConsumer as reason:
            return password_refused(self.challenge, CredentialRefused("password-wrong", str(reason)))
        except ConsumerDisabled as reason:
            detail = "This account must not be used."
            return Response.problem(403, code="forbidden", detail=detail, log_detail=str(reason))
        except StoreUnavailable as error:
            return store_unavailable(error)


class _Known:
    """A caller, until when, and the version of the revocations when they were last asked about them."""

    __slots__ = ("ends", "principal", "version")

    def __init__(self, principal: Principal, ends: float, version: int) -> None:
        self.principal = principal
        self.ends = ends
        self.version = version


class KnownPasswords:
    """Callers by a digest of what they sent, under a key that only this process has. seconds: how long one is good.

    When something was revoked, each is asked about again, and not checked again: somebody who logs out all the time
    must not have everybody's passwords hashed.
    """

    def __init__(self, seconds: float, revocations: Revocations) -> None:
        self._seconds = seconds
        self._revocations = revocations
        self._key = secrets.token_bytes(32)
        self._entries: OrderedDict[bytes, _Known] = OrderedDict()

    def get(self, value: bytes, now: float) -> Principal | None:
        """Whom this has proved, if it still does. now: epoch seconds."""
        digest = self._digest(value)
        entry = self._entries.get(digest)
        if entry is None:
            return None
        if now < entry.ends and (entry.version == self._revocations.version or self._is_still_good(entry)):
            return entry.principal
        del self._entries[digest]
        return None

    def put(self, value: bytes, principal: Principal, now: float, version: int) -> None:
        """Remember it. version: of the revocations, read before anybody was asked."""
        if not self._seconds:
            return
        self._entries[self._digest(value)] = _Known(principal, now + self._seconds, version)
        if len(self._entries) > MAX_KNOWN:
            self._entries.popitem(last=False)

    def _is_still_good(self, entry: _Known) -> bool:
        version = self._revocations.version
        try:
            if is_revoked(self._revocations, entry.principal):
                return False
        except StoreUnavailable:
            return False  # the password is checked anew, and that says what is wrong
        entry.version = version
        return True

    def _digest(self, value: bytes) -> bytes:
        return blake2b(value, key=self._key, digest_size=32).digest()
