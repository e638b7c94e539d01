"""What somebody gets who is not logged in: a browser the provider's page, or a choice; a program a 401."""

from collections.abc import Awaitable, Sequence
from typing import Protocol

from hotgate.http.response import Response
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.oidc.navigation import is_navigation
from hotgate.policies.oidc.pages import Link, page


class LoginEntry(Protocol):
    """One entry at whose provider people can log in. title: for people."""

    title: str
    challenge: str

    def log_in(self, exchange: Exchange) -> Awaitable[Response]: ...

    def login_path(self, exchange: Exchange) -> str: ...


class LoginChoice:
    """Of all such entries of one route."""

    def __init__(self, entries: Sequence[LoginEntry]) -> None:
        self._entries = tuple(entries)

    def answer(self, exchange: Exchange) -> Response | Awaitable[Response] | None:
        """None for a program, which must not be sent to a page for people."""
        if not is_navigation(exchange.request):
            return None
        if len(self._entries) == 1:
            return self._entries[0].log_in(exchange)
        return self._choice(exchange)

    def _choice(self, exchange: Exchange) -> Response:
        """401, for it stands for what was asked for; no browser has a dialogue for these challenges."""
        links = [Link(entry.title, entry.login_path(exchange)) for entry in self._entries]
        response = page(401, "Log in", "How do you want to log in?", links, code="login-choice")
        challenges = [(b"www-authenticate", entry.challenge.encode("ascii")) for entry in self._entries]
        response.headers.fields.extend(challenges)
        return response
