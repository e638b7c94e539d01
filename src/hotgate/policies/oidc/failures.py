"""What people are told when a login does not work out: in our words, for the provider's may be anybody's."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from hotgate.http.response import Response
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.oidc.pages import Link, page

RETRY_AFTER = (b"retry-after", b"5")  # seconds


class _Failure(NamedTuple):
    status: int
    title: str
    text: str


_UNAVAILABLE = _Failure(503, "Logging in is not possible now", "The login provider does not answer. Try again soon.")
_DENIED = _Failure(403, "You were not logged in", "The login provider did not let you in, or you have cancelled.")
_REFUSED = _Failure(502, "You were not logged in", "The login provider refused the login.")
_FAILED = _Failure(403, "You were not logged in", "What the login provider said could not be accepted.")
_UNMET = _Failure(403, "This needs a stronger login", "The login provider could not confirm you as this page demands.")

# `error` of an authorization response (RFC 6749 §4.1.2.1, OpenID Connect Core §3.1.2.6, RFC 9470 and its kin).
_BY_PROVIDER = {
    "access_denied": _DENIED,
    "login_required": _DENIED,
    "interaction_required": _DENIED,
    "consent_required": _DENIED,
    "account_selection_required": _DENIED,
    "unmet_authentication_requirements": _UNMET,
    "server_error": _UNAVAILABLE,
    "temporarily_unavailable": _UNAVAILABLE,
}
# `error` of an answer of the control process.
_BY_US = {
    "login-failed": _FAILED,
    "provider-refused": _REFUSED,
    "provider-unavailable": _UNAVAILABLE,
    "busy": _UNAVAILABLE,
}
_plain = re.compile(r"[a-z_-]{1,64}").fullmatch


class LoginPages:
    """base: the path below which the entry's own paths are."""

    def __init__(self, base: str) -> None:
        self._base = base

    def provider_said(self, exchange: Exchange, error: str, return_to: str) -> Response:
        """The provider has sent the browser back with an error."""
        named = error if _plain(error) else "another"
        return self._page(exchange, _BY_PROVIDER.get(error, _REFUSED), "login-refused", return_to, f"error {named}")

    def control_said(self, exchange: Exchange, answer: Mapping[str, Any], return_to: str, *, step_up: bool) -> Response:
        """The control process, which has spoken with the provider, reports an error."""
        error = str(answer.get("error", ""))
        failure = _BY_US.get(error, _FAILED)
        if step_up and failure is _FAILED:
            failure = _UNMET
        return self._page(exchange, failure, error if _plain(error) else "login-failed", return_to)

    def unavailable(self, exchange: Exchange, return_to: str, log_detail: str) -> Response:
        """Nobody answers."""
        return self._page(exchange, _UNAVAILABLE, "login-unavailable", return_to, log_detail)

    def unusable(self, exchange: Exchange, return_to: str, log_detail: str) -> Response:
        """The login has succeeded, and makes no session. log_detail: why, for operators."""
        failure = _Failure(403, "You were not logged in", "Your account cannot be used here.")
        return self._page(exchange, failure, "login-unusable", return_to, log_detail)

    def unmet(self, exchange: Exchange, return_to: str) -> Response:
        """A stronger login has just been made, and still is not strong enough."""
        return self._page(exchange, _UNMET, "insufficient-user-authentication", return_to)

    def unknown(self, exchange: Exchange, return_to: str) -> Response:
        """A browser comes back from a login that it has not begun, or not lately."""
        text = (
            "It took too long, was finished already, began in another browser, or this browser keeps no cookies "
            "of this site."
        )
        failure = _Failure(400, "This login cannot be finished", text)
        return self._page(exchange, failure, "login-unknown", return_to)

    def not_kept(self, exchange: Exchange, return_to: str) -> Response:
        """A browser was logged in a moment ago, and comes without its session: another login would end as this one."""
        text = "You were logged in, but the session did not last. Does this browser keep cookies of this site?"
        failure = _Failure(400, "You are not logged in", text)
        return self._page(exchange, failure, "session-not-kept", return_to)

    def insecure(self, exchange: Exchange) -> Response:
        """Cookies that prove a login would cross the network in plain text."""
        text = "Logging in needs an encrypted connection. Go to the https:// address of this site."
        return page(400, "This connection is not secure", text, code="login-insecure", request_id=exchange.request_id)

    def framed(self, exchange: Exchange) -> Response:
        """Something else than a browser's own window asks for a login."""
        text = "A login begins in a window of its own."
        return page(403, "No login here", text, code="login-framed", request_id=exchange.request_id)

    def begin_path(self, return_to: str) -> str:
        """Where a login begins that leads there."""
        return f"{self._base}/login?{urlencode({'return_to': return_to})}"

    def _page(self, exchange: Exchange, failure: _Failure, code: str, return_to: str, log_detail: str = "") -> Response:
        links = [Link("Try again", self.begin_path(return_to))]
        response = page(*failure, links, code=code, request_id=exchange.request_id, log_detail=log_detail)
        if failure.status == 503:
            response.headers.fields.append(RETRY_AFTER)
        return response
