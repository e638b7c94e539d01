"""What a provider asks for when somebody logs out there: sessions end by its name for them, or by their subject."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.control.openid.failures import LoginFailed
from hotgate.control.openid.flights import Flights
from hotgate.control.openid.logout_token import LogoutToken
from hotgate.control.revoker import Revoker
from hotgate.runtime.desks.answers import Answers
from hotgate.runtime.desks.session_places import SessionPlaces
from hotgate.store.records import Revocation

_audit = logging.getLogger("hotgate.audit")

_MOST_GUESSES = 16  # at once: whoever guesses must not keep those who have a session waiting

FRONT, BACK = "front-channel logout", "back-channel logout"


class Logouts:
    """verify: an entry and a token → what it says, once (`LoginDesk.verify_logout_token`)."""

    def __init__(
        self,
        verify: Callable[[str, bytes], Awaitable[LogoutToken]],
        revoker: Revoker,
        places: SessionPlaces,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._verify = verify
        self._revoker = revoker
        self._places = places
        self._now = now
        self._guesses = Flights(_MOST_GUESSES)
        self._longest: Mapping[str, float] = {}  # life of a session in seconds, by entry

    def follow(self, config: Gateway) -> None:
        """Know how long sessions may live."""
        logins = {name: entry.settings for name, entry in config.identity.items() if entry.mechanism == "oidc"}
        self._longest = {name: settings.session.absolute for name, settings in logins.items()}

    def register(self, answers: Answers) -> None:
        """Answer questions about logouts from now on."""
        answers.register("logout.frontchannel", self.front_channel)
        answers.register("logout.backchannel", self.back_channel)

    async def front_channel(self, body: Any) -> bool:
        """End the kept sessions of a `sid`. Nothing is written when there is none: anybody may ask. Raises Busy."""
        provider, sid, now = str(body["provider"]), str(body["sid"]), self._now()
        with self._guesses.one():
            is_known = await self._places.of(provider).has_sid(provider, sid, now)
        if is_known:
            await self._revoke(Revocation("sid", provider, sid, reason=FRONT), now)
        return is_known

    async def back_channel(self, body: Any) -> dict[str, Any]:
        """`{"status": 200}`, or 400 with an `error` (Back-Channel Logout 1.0 §2.8).

        A token that was used before is refused before it has any effect.
        """
        provider, now = str(body["provider"]), self._now()
        try:
            token = await self._verify(provider, str(body["logout_token"]).encode())
        except LoginFailed as refusal:
            _audit.warning("logout-refused", extra={"facts": {"by": provider, "reason": str(refusal)}})
            return {"status": 400, "error": "invalid_request"}
        await self._revoke(_revocation(provider, token, now), now)
        return {"status": 200}

    async def _revoke(self, revocation: Revocation, now: float) -> None:
        provider, kind = revocation.provider, revocation.kind
        expires = now + self._longest[provider]
        kept = Revocation(kind, provider, revocation.value, revocation.before, revocation.reason, now, expires)
        await self._revoker.revoke([kept], now)
        facts = {"by": provider, "subject": f"{kind} {revocation.value}", "reason": revocation.reason}
        _audit.info("end-sessions", extra={"facts": facts})


def _revocation(provider: str, token: LogoutToken, now: float) -> Revocation:
    """With `sid` that one session, else all of the subject that began before (§2.7)."""
    if token.sid is not None:
        return Revocation("sid", provider, token.sid, reason=BACK)
    return Revocation("sub", provider, token.subject or "", now, reason=BACK)
