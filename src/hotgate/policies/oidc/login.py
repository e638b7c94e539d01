"""The first half of a login: a browser is sent to the provider, with what it must bring back in a sealed cookie."""

from collections.abc import Callable
from hashlib import sha256

from hotgate.http.headers import Field, Headers
from hotgate.http.response import Response
from hotgate.identity.sessions.cookies import own_cookies, set_cookie
from hotgate.identity.sessions.return_path import return_path
from hotgate.identity.sessions.sealing import CannotSeal
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.oidc.asking import Asking, Unanswered
from hotgate.policies.oidc.failures import LoginPages
from hotgate.policies.oidc.login_transactions import LoginTransactions, Transaction
from hotgate.policies.oidc.navigation import origin_of
from hotgate.policies.step_up import Demand

# A browser that keeps the marker of a login but not the session would log in for ever.
BACK = "back"
_BACK_SECONDS = 10

NOT_STORED: tuple[Field, ...] = ((b"cache-control", b"no-store"), (b"referrer-policy", b"no-referrer"))


class Login:
    """name: of the entry's cookies. base: the path below which its own paths are. now: epoch seconds."""

    def __init__(
        self,
        name: str,
        base: str,
        transactions: LoginTransactions,
        asking: Asking,
        pages: LoginPages,
        now: Callable[[], float],
    ) -> None:
        self._name = name
        self._base = base
        self._transactions = transactions
        self._asking = asking
        self._pages = pages
        self._now = now

    async def resume(self, exchange: Exchange, demand: Demand | None = None) -> Response:
        """Begin a login that leads back to what is asked for, unless one has just ended without any effect."""
        wanted = exchange.request.target.decode("ascii")
        parts = own_cookies(exchange.request, self._name) or {}
        if BACK not in parts:
            return await self.begin(exchange, wanted, demand)
        if demand is None:
            return self._pages.not_kept(exchange, return_path(wanted, self._base))
        if parts[BACK] == _mark(*_asked(demand)):
            return self._pages.unmet(exchange, return_path(wanted, self._base))
        return await self.begin(exchange, wanted, demand)

    async def begin(self, exchange: Exchange, wanted: str, demand: Demand | None = None) -> Response:
        """Send the browser to the provider. wanted: the path that the login leads to; checked here."""
        request = exchange.request
        origin = origin_of(request)
        if origin is None:
            return self._pages.insecure(exchange)
        return_to = return_path(wanted, self._base)
        transaction = Transaction.begun(f"{origin}{self._base}/callback", return_to, self._now(), *_asked(demand))
        body = {
            "redirect_uri": transaction.redirect_uri,
            "state": transaction.state,
            "nonce": transaction.nonce,
            "challenge": transaction.challenge,
            "acr_values": transaction.acr_values,
            "max_age": transaction.max_age,
            "prompt": None,
            "login_hint": None,
        }
        try:
            kept = self._transactions.kept(transaction, own_cookies(request, self._name) or {})
            answer = await self._asking.provider("oidc.begin", body)
        except (CannotSeal, Unanswered) as error:
            return self._pages.unavailable(exchange, return_to, str(error))
        if "location" not in answer:
            return self._pages.control_said(exchange, answer, return_to, step_up=transaction.is_step_up)
        response = Response(302, Headers([*NOT_STORED, *kept]))
        response.headers.add(b"location", str(answer["location"]).encode("ascii"))
        return response


def came_back(name: str, transaction: Transaction) -> Field:
    """The field that marks, for a moment, that a login has ended, and what it was to prove."""
    return set_cookie(f"{name}~{BACK}", _mark(transaction.acr_values, transaction.max_age), "lax", _BACK_SECONDS)


def _asked(demand: Demand | None) -> tuple[str | None, float | None]:
    return (None, None) if demand is None else (" ".join(demand.acr) or None, demand.max_age)


def _mark(acr_values: str | None, max_age: float | None) -> bytes:
    return sha256(f"{acr_values} {max_age}".encode()).hexdigest()[:16].encode("ascii")
