"""The three ways out of a session: the user's own (RP-Initiated Logout 1.0), and the provider's, through the browser
(Front-Channel Logout 1.0) or directly (Back-Channel Logout 1.0). Begin with `logout_endpoints`."""

from collections.abc import Sequence
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from hotgate.http.headers import Field, Headers
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.places.same_site import CROSS_SITE, is_cross_site
from hotgate.identity.sessions.session import Session
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.gateway_endpoint import GatewayEndpoint
from hotgate.policies.oidc.asking import Asking, Unanswered
from hotgate.policies.oidc.oidc_settings import OidcSettings
from hotgate.policies.oidc.session_keeping import Kept
from hotgate.store.errors import StoreUnavailable

MAX_FORM = 4 * 1024  # bytes; nothing in it is read
MAX_LOGOUT_TOKEN = 16 * 1024  # bytes of the form around it

_NO_STORE: Field = (b"cache-control", b"no-store")
_FORM = b"application/x-www-form-urlencoded"
_MAX_SID = 512  # characters, as many as can be revoked (`store/bounds.py`)


class SessionCookies(Protocol):
    """What a logout needs of the cookies of an entry."""

    async def session_of(self, request: Request) -> Kept | None:
        """The session of a request, not renewed; None without a good one. Raises Unanswered and
        StoreUnavailable."""

    def removal(self, request: Request) -> tuple[Field, ...]:
        """The fields that take all of the entry's cookies out of the browser."""


def logout_endpoints(
    settings: OidcSettings, base: str, asking: Asking, cookies: SessionCookies
) -> Sequence[GatewayEndpoint]:
    """Those of one entry. base: the path that they are below."""
    logouts = Logouts(settings, asking, cookies)
    return (
        GatewayEndpoint(f"{base}/logout", frozenset({"POST"}), logouts.by_user, max_body=MAX_FORM),
        GatewayEndpoint(f"{base}/frontchannel-logout", frozenset({"GET"}), logouts.by_browser),
        GatewayEndpoint(
            f"{base}/backchannel-logout", frozenset({"POST"}), logouts.by_provider, max_body=MAX_LOGOUT_TOKEN
        ),
    )


class Logouts:
    """Of one entry. A session has ended when the control process has stored its revocation, and not before: until then
    the answer is 503, and the browser keeps its cookies to try again."""

    def __init__(self, settings: OidcSettings, asking: Asking, cookies: SessionCookies) -> None:
        self._settings = settings
        self._asking = asking
        self._cookies = cookies
        issuer = urlsplit(settings.issuer)
        self._framed_by = f"frame-ancestors {issuer.scheme}://{issuer.netloc}".encode("ascii")

    async def by_user(self, exchange: Exchange) -> Response:
        """End the session of the request, at the gateway and at the provider (RP-Initiated Logout 1.0 §2)."""
        request = exchange.request
        if is_cross_site(request):
            return Response.problem(403, code=CROSS_SITE, detail="Another site may not log anybody out.")
        location = self._own_address(request)
        try:
            kept = await self._cookies.session_of(request)
            if kept is not None:
                await self._end(kept.session)
        except (StoreUnavailable, Unanswered) as error:
            return _unavailable(error)
        if kept is not None:
            location = await self._at_provider(kept.session, location)
        fields = [(b"location", location.encode("ascii")), _NO_STORE, *self._cookies.removal(request)]
        return Response(303, Headers(fields))

    async def by_browser(self, exchange: Exchange) -> Response:
        """End what the provider's page in the browser says (Front-Channel Logout 1.0 §2).

        Nobody proves to be the provider here, so only what is known can end, and nothing is written for a guess: the
        session of the cookie, if the browser sent one into the frame, and those that are kept under this `sid`.
        """
        named = _only_values(exchange.request.query, ("iss", "sid"))
        if named is None or named["iss"] != self._settings.issuer or len(named["sid"]) > _MAX_SID:
            return self._framed(400, ())
        removal: tuple[Field, ...] = ()
        try:
            kept = await self._cookies.session_of(exchange.request)
            if kept is not None and kept.session.sid == named["sid"]:
                await self._end(kept.session)
                removal = self._cookies.removal(exchange.request)
            if self._settings.session.keep != "cookie":
                await self._asking.own("logout.frontchannel", {"sid": named["sid"]})
        except (StoreUnavailable, Unanswered) as error:
            return _unavailable(error)
        return self._framed(200, removal)

    async def by_provider(self, exchange: Exchange) -> Response:
        """End what a logout token names (Back-Channel Logout 1.0 §2.5 to §2.8)."""
        request = exchange.request
        media_type = (request.headers.get(b"content-type") or b"").partition(b";")[0].strip().lower()
        form = _only_values(request.body or b"", ("logout_token",)) if media_type == _FORM else None
        if form is None:
            return _told(400, "invalid_request")
        try:
            answer = await self._asking.provider("logout.backchannel", {"logout_token": form["logout_token"]})
        except (StoreUnavailable, Unanswered) as error:
            return _unavailable(error)
        return _told(int(answer["status"]), str(answer.get("error", "")))

    async def _end(self, session: Session) -> None:
        await self._asking.own("session.end", {"id": session.id, "expires": session.absolute_end})

    async def _at_provider(self, session: Session, return_to: str) -> str:
        """Where the browser ends its session there too. What is over here is over, whatever the provider does."""
        tokens = session.tokens
        body = {
            "id_token": tokens.id_token,
            "refresh": tokens.refresh,
            "access": tokens.access,
            "state": None,
            "return_to": return_to,
        }
        try:
            answer = await self._asking.provider("oidc.logout_url", body)
        except Unanswered:
            return return_to
        return str(answer["location"] or return_to)

    def _own_address(self, request: Request) -> str:
        """`after_logout`, as an address: a provider wants one, and it must be registered there."""
        place = self._settings.after_logout
        if not place.startswith("/"):
            return place
        return f"{request.scheme}://{request.authority.decode('ascii')}{place}"

    def _framed(self, status: int, fields: tuple[Field, ...]) -> Response:
        return Response(status, Headers([_NO_STORE, (b"content-security-policy", self._framed_by), *fields]))


def _only_values(encoded: bytes, names: tuple[str, ...]) -> dict[str, str] | None:
    """The values of a form or query, each there once; None otherwise: two readers would pick different ones."""
    try:
        found = parse_qs(encoded.decode("ascii"), keep_blank_values=True, strict_parsing=True, max_num_fields=16)
    except ValueError:
        return None
    values = {name: found.get(name, []) for name in names}
    if any(len(given) != 1 or not given[0] for given in values.values()):
        return None
    return {name: given[0] for name, given in values.items()}


def _told(status: int, error: str) -> Response:
    response = Response.json({"error": error}, status) if error else Response(status)
    response.headers.fields.append(_NO_STORE)
    return response


def _unavailable(error: StoreUnavailable | Unanswered) -> Response:
    return Response.problem(
        503,
        code="logout-unavailable",
        detail="The session could not be ended. Try again.",
        headers={"retry-after": "5", "cache-control": "no-store"},
        log_detail=str(error),
    )
