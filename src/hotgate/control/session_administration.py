"""What operators may see and end of sessions: never what is in them, nor what opens them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotgate.control.administration_error import AdministrationError
from hotgate.control.revoker import Revoker
from hotgate.store.records import Revocation

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from hotgate.store.sessions.kept_session import KeptSession
    from hotgate.store.sessions.session_store import SessionPage, SessionStore
    from hotgate.store.store import Store

PAGE = 100
LONGEST = 90 * 86400.0  # seconds; no session may live longer (`session.absolute`)


class SessionAdministration:
    """kept: where each provider's sessions are, if they are not in cookies. providers: entries with tokens or sessions.

    clock: epoch seconds. Every method raises AdministrationError, and StoreUnavailable.
    """

    def __init__(
        self,
        store: Store,
        kept: Mapping[str, SessionStore],
        clock: Callable[[], float],
        providers: Collection[str],
    ) -> None:
        self._revoker = Revoker(lambda: store, lambda: kept)
        self._kept = kept
        self._clock = clock
        self._providers = providers

    async def list(self, provider: str, subject: str | None = None, after: str = "", limit: int = PAGE) -> SessionPage:
        """Those that are kept and live. Code: invalid."""
        sessions = self._sessions(provider)
        try:
            return await sessions.list(provider, subject, self._clock(), after, limit)
        except ValueError:
            raise AdministrationError("invalid", "is no `next` of a page", member="after") from None

    async def end(self, provider: str, session_id: str) -> KeptSession:
        """No worker accepts it a second later. Code: invalid, session-unknown."""
        now = self._clock()
        found = await self._sessions(provider).find(provider, session_id, now)
        if found is None:
            raise AdministrationError("session-unknown", f"there is no session {session_id!r}")
        ended = Revocation(
            "jti", provider, session_id, reason="ended by an operator", created=now, expires=found.absolute_end
        )
        await self._revoker.revoke([ended], now)
        return found

    async def end_all(self, provider: str, subject: str) -> int:
        """Log a subject out everywhere: its sessions, also those in cookies, and its tokens, as far as they were issued
        until now. Returns how many kept sessions ended. Code: invalid."""
        if provider not in self._providers:
            known = ", ".join(self._providers) or "none"
            says = f"no entry {provider!r} has callers to log out; those that do: {known}"
            raise AdministrationError("invalid", says, member="provider")
        now = self._clock()
        reason = "logged out everywhere by an operator"
        ended = Revocation("sub", provider, subject, now + 1.0, reason, now, now + LONGEST)
        return await self._revoker.revoke([ended], now)

    def _sessions(self, provider: str) -> SessionStore:
        found = self._kept.get(provider)
        if found is None:
            known = ", ".join(self._kept) or "none"
            says = f"no oidc entry {provider!r} keeps its sessions on the gateway's side; those that do: {known}"
            raise AdministrationError("invalid", says, member="provider")
        return found
