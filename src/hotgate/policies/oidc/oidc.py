"""`identity: {name: {oidc: …}}`: people log in with their browser, and each request brings their session."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from hotgate.http.headers import Field
from hotgate.http.response import Response
from hotgate.identity.challenge import cross_site_refused, store_unavailable
from hotgate.identity.places.credential_source import CredentialSource
from hotgate.identity.places.same_site import CROSS_SITE, is_cross_site
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.sessions.cookies import PREFIX, TooLarge, joined, own_cookies
from hotgate.identity.sessions.return_path import HOME, return_path
from hotgate.identity.sessions.sealing import CannotSeal, Sealing
from hotgate.identity.sessions.session_cache import CachedSession
from hotgate.identity.tokens.revocations import NoRevocations
from hotgate.keys.sealing_ring import SealingRingHolder
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.gateway_endpoint import GatewayEndpoint
from hotgate.pipeline.policy import LoginOffer, MechanismSpec
from hotgate.policies.oidc.asking import Asking, Unanswered
from hotgate.policies.oidc.failures import LoginPages
from hotgate.policies.oidc.live_sessions import LiveSessions
from hotgate.policies.oidc.login import Login
from hotgate.policies.oidc.login_callback import LoginCallback
from hotgate.policies.oidc.login_choice import LoginChoice, LoginEntry
from hotgate.policies.oidc.login_transactions import LoginTransactions
from hotgate.policies.oidc.logout_endpoints import logout_endpoints
from hotgate.policies.oidc.navigation import is_navigation, is_own_window
from hotgate.policies.oidc.oidc_settings import OidcSettings
from hotgate.policies.oidc.session_keeping import InCookies, Keeping, OnOurSide
from hotgate.policies.step_up import Demand, insufficient
from hotgate.store.errors import StoreUnavailable

_GET = frozenset({"GET"})
_NOT_STORED = ((b"cache-control", b"no-store"),)  # RFC 9111 §7.3: a Set-Cookie alone keeps no cache from storing


class OidcAuthenticator:
    """One entry, compiled. services: if they are there, "session_keys" (SealingRingHolder), "ask", "credentials"
    (Revocations) and "wall_clock" (seconds since the epoch)."""

    forwards_credential = False
    sources: Sequence[CredentialSource] = ()  # its cookies are taken away on every route, whoever decides

    def __init__(self, name: str, settings: OidcSettings, services: Mapping[str, Any]) -> None:
        self.name = name
        self.title = settings.shown_title(name)
        self.replaces_token = settings.forward != "none"
        self._base = base = settings.base_path(name)
        self.challenge = f'Cookie realm="{name}", login="{base}/login"'
        self._cookie = cookie = PREFIX + name
        now: Callable[[], float] = services.get("wall_clock", time.time)
        keys = services.get("session_keys") or SealingRingHolder()
        asking = Asking(name, services.get("ask"))
        # Another provider's logins under the same name, or of the time before a change, are not this one's.
        whose = f"{name} {settings.client.id} {settings.issuer}"
        keeping = _keeping(name, cookie, settings, Sealing(keys, f"session/{whose}", now), asking)
        revocations = services.get("credentials") or NoRevocations()
        self._live = live = LiveSessions(name, cookie, settings, keeping, asking, revocations, now)
        transactions = LoginTransactions(cookie, Sealing(keys, f"login/{whose}", now), now)
        self._pages = pages = LoginPages(base)
        self._login = Login(cookie, base, transactions, asking, pages, now)
        callback = LoginCallback(settings.session, live, transactions, asking, pages, now)
        self.endpoints: Sequence[GatewayEndpoint] = (
            GatewayEndpoint(f"{base}/login", _GET, self._begin),
            GatewayEndpoint(f"{base}/callback", _GET, callback),
            *logout_endpoints(settings, base, asking, live),
        )

    def authenticate(self, exchange: Exchange) -> Principal | Response | Awaitable[Principal | Response | None] | None:
        """Whoever has a session. One that is over counts for nothing, and goes: another entry may know the caller."""
        request = exchange.request
        parts = own_cookies(request, self._cookie)
        value = None if parts is None else joined(parts)
        if value is None or parts is None:
            _tell(exchange, self._live.session_removal(parts))
            return None
        if is_cross_site(request):
            refusal = CredentialRefused(CROSS_SITE, "a request that changes something, made by another site")
            return cross_site_refused(refusal)
        known = self._live.known(value)
        if known is None:
            return self._looked_at(exchange, value, parts)
        return self._accepted(exchange, known, known.fields)

    def login_offer(self, entries: Sequence[LoginEntry]) -> LoginOffer:
        """What somebody gets who could log in by any of these."""
        return LoginChoice(entries).answer

    def log_in(self, exchange: Exchange) -> Awaitable[Response]:
        """Begin a login that leads back to what was asked for."""
        return self._login.resume(exchange)

    def login_path(self, exchange: Exchange) -> str:
        """Where such a login begins."""
        return self._pages.begin_path(return_path(exchange.request.target.decode("ascii"), self._base))

    def step_up(self, exchange: Exchange, demand: Demand) -> Response | Awaitable[Response]:
        """A login that proves more than the session does; a program is told what is lacking (RFC 9470)."""
        if is_navigation(exchange.request):
            return self._login.resume(exchange, demand)
        return insufficient(self.challenge, demand)

    async def _looked_at(
        self, exchange: Exchange, value: bytes, parts: Mapping[str, bytes]
    ) -> Principal | Response | None:
        try:
            look = await self._live.look(value, parts)
        except (CannotSeal, StoreUnavailable, TooLarge, Unanswered) as error:
            return store_unavailable(error)
        if look is None:
            _tell(exchange, self._live.session_removal(parts))
            return None
        return self._accepted(exchange, look.entry, look.fields)

    def _accepted(self, exchange: Exchange, session: CachedSession, fields: tuple[Field, ...]) -> Principal:
        if fields:
            _tell(exchange, fields)
        return session.principal

    async def _begin(self, exchange: Exchange) -> Response:
        """The endpoint where somebody who wants to log in begins."""
        if not is_own_window(exchange.request):
            return self._pages.framed(exchange)
        return await self._login.begin(exchange, _wanted(exchange.request.query))


def _keeping(name: str, cookie: str, settings: OidcSettings, sealing: Sealing, asking: Asking) -> Keeping:
    session = settings.session
    if session.keep == "cookie":
        return InCookies(cookie, sealing, session.same_site)
    return OnOurSide(cookie, sealing, session.same_site, session.idle, asking)


def _wanted(query: bytes) -> str:
    try:
        given = dict(parse_qsl(query.decode("ascii"), max_num_fields=4))
    except ValueError:
        return HOME
    return given.get("return_to", HOME)


def _tell(exchange: Exchange, fields: tuple[Field, ...]) -> None:
    if fields:
        exchange.add_answer_fields(*fields, *_NOT_STORED)


MECHANISM = MechanismSpec("oidc", OidcSettings, OidcAuthenticator)
