"""The second half of a login: the browser comes back with a code, and leaves with a session."""

import re
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from urllib.parse import parse_qsl

from hotgate.http.headers import Field, Headers
from hotgate.http.response import Response
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.sessions.cookies import TooLarge, own_cookies
from hotgate.identity.sessions.return_path import HOME
from hotgate.identity.sessions.sealing import CannotSeal
from hotgate.identity.sessions.session import Session
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.oidc.asking import Asking, Unanswered
from hotgate.policies.oidc.failures import LoginPages
from hotgate.policies.oidc.live_sessions import LiveSessions
from hotgate.policies.oidc.login import NOT_STORED, came_back
from hotgate.policies.oidc.login_transactions import LIFE, LoginTransactions, Transaction
from hotgate.policies.oidc.oidc_session import OidcSession
from hotgate.policies.oidc.pages import Link, page
from hotgate.policies.oidc.session_keeping import Kept, NoRoom

_MAX_PARAMETERS = 16
# RFC 6749 appendix A.11. Whoever stumbles over anything else is the provider, and then it is left alone by all.
_is_code = re.compile(r"[\x20-\x7e]{1,4096}").fullmatch


class LoginCallback:
    """The endpoint. now: epoch seconds."""

    def __init__(
        self,
        settings: OidcSession,
        live: LiveSessions,
        transactions: LoginTransactions,
        asking: Asking,
        pages: LoginPages,
        now: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._live = live
        self._transactions = transactions
        self._asking = asking
        self._pages = pages
        self._now = now

    async def __call__(self, exchange: Exchange) -> Response:
        """A login that this browser has begun, once (RFC 9700 §4.7, RFC 6749 §10.12)."""
        parts = own_cookies(exchange.request, self._live.name) or {}
        given = _parameters(exchange.request.query)
        transaction = self._transactions.find(given.get("state", ""), parts)
        try:
            before = await self._live.session_of(exchange.request)
        except Unanswered:
            before = None
        if transaction is None:
            return self._strayed(exchange, before, HOME)
        if transaction.is_done:
            return self._strayed(exchange, before, transaction.return_to)
        response = await self._ended(exchange, transaction, given, before)
        response.headers.fields.append(self._transactions.done(transaction))
        return response

    def _strayed(self, exchange: Exchange, before: Kept | None, return_to: str) -> Response:
        """Back once more (the Back button), or sent here by another site: nothing is begun, nothing ends."""
        return self._pages.unknown(exchange, return_to) if before is None else _redirect(return_to)

    async def _ended(
        self, exchange: Exchange, transaction: Transaction, given: dict[str, str], before: Kept | None
    ) -> Response:
        return_to = transaction.return_to
        if "error" in given:
            return self._pages.provider_said(exchange, given["error"], return_to)
        if not _is_code(given.get("code", "")):
            return self._pages.unknown(exchange, return_to)
        try:
            return await self._exchanged(exchange, transaction, given, before)
        except (CannotSeal, NoRoom, Unanswered) as error:
            return self._pages.unavailable(exchange, return_to, str(error))
        except TooLarge as error:
            return self._pages.unusable(exchange, return_to, f"{error}; use `session: {{keep: store}}`")
        except (CredentialRefused, KeyError, TypeError, ValueError) as error:
            return self._pages.unusable(exchange, return_to, f"no session can be made: {type(error).__name__}: {error}")

    async def _exchanged(
        self, exchange: Exchange, transaction: Transaction, given: dict[str, str], before: Kept | None
    ) -> Response:
        body = {
            "redirect_uri": transaction.redirect_uri,
            "code": given["code"],
            "iss": given.get("iss"),
            "verifier": transaction.verifier,
            "nonce": transaction.nonce,
            "max_age": transaction.max_age,
            "acr_values": transaction.acr_values,
        }
        answer = await self._asking.provider("oidc.complete", body)
        if "session" not in answer:
            step_up = transaction.is_step_up
            return self._pages.control_said(exchange, answer, transaction.return_to, step_up=step_up)
        # Behind the provider's yes, for there is a bound on claims, and codes that are made up must not fill it.
        if not await self._is_first(transaction):
            return self._pages.unknown(exchange, transaction.return_to)
        session = Session.begun(answer["session"], self._now(), self._settings.absolute)
        fields = await self._live.begin(session, own_cookies(exchange.request, self._live.name) or {})
        if before is not None:
            with suppress(Unanswered):  # the browser has lost it anyway
                await self._live.end(before)
        return self._logged_in(transaction, fields)

    async def _is_first(self, transaction: Transaction) -> bool:
        """Whether nobody has used this login up: not with another copy of its cookie, nor with another worker."""
        jti = f"login {sha256(transaction.state.encode()).hexdigest()}"
        return await self._asking.own("single_use", {"jti": jti, "expires": transaction.created + LIFE}) is True

    def _logged_in(self, transaction: Transaction, fields: tuple[Field, ...]) -> Response:
        if self._settings.same_site == "strict":
            # The chain of redirects began at another site, so what is loaded at its end comes without the cookie. A
            # page of our own begins a new one.
            links = [Link("Continue", transaction.return_to)]
            response = page(200, "You are logged in", "", links, refresh=transaction.return_to)
        else:
            response = _redirect(transaction.return_to)
        response.headers.fields += [*fields, came_back(self._live.name, transaction)]
        return response


def _redirect(path: str) -> Response:
    """303: what comes next is a GET, and neither the code nor the state goes along (RFC 9700 §4.2.4)."""
    return Response(303, Headers([(b"location", path.encode("ascii")), *NOT_STORED]))


def _parameters(query: bytes) -> dict[str, str]:
    """What the provider has sent; nothing of it where a name is there twice (RFC 6749 §3.1)."""
    try:
        pairs = parse_qsl(query.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        return {}
    given = dict(pairs)
    return given if len(given) == len(pairs) else {}
