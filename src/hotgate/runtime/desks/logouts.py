"""What a provider asks for when somebody logs out there: sessions end by its name for them, or by their subject."""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from hotgate.control.revoker import Revoker, issued_before
from hotgate.identity.refusal import CredentialRefused
from hotgate.runtime.desks.answers import Answers
from hotgate.runtime.desks.session_places import SessionPlaces
from hotgate.store.records import Revocation

_audit = logging.getLogger("hotgate.audit")

FRONT, BACK = "front-channel logout", "back-channel logout"


class LogoutToken(Protocol):
    """What `control.openid.logout_token` has verified. Times: epoch seconds."""

    @property
    def sid(self) -> str | None: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def jti(self) -> str: ...
    @property
    def issued(self) -> float: ...
    @property
    def expires(self) -> float: ...


class Logouts:
    """verify: an entry and a token → what it says; raises CredentialRefused. claim: `SingleUse.claim`.

    absolute: entry → the longest life of its sessions in seconds.
    """

    def __init__(
        self,
        verify: Callable[[str, bytes], Awaitable[LogoutToken]],
        claim: Callable[[Any], Awaitable[bool]],
        revoker: Revoker,
        places: SessionPlaces,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._verify = verify
        self._claim = claim
        self._revoker = revoker
        self._places = places
        self._now = now
        self.absolute: Mapping[str, float] = {}

    def register(self, answers: Answers) -> None:
        """Answer questions about logouts from now on."""
        answers.register("logout.frontchannel", self.front_channel)
        answers.register("logout.backchannel", self.back_channel)

    async def front_channel(self, body: Any) -> bool:
        """End the kept sessions of a `sid`. Nothing is written when there is none: anybody may ask."""
        provider, sid, now = str(body["provider"]), str(body["sid"]), self._now()
        is_known = await self._places.of(provider).has_sid(provider, sid, now)
        if is_known:
            await self._revoke(Revocation("sid", provider, sid, reason=FRONT), now)
        return is_known

    async def back_channel(self, body: Any) -> dict[str, Any]:
        """`{"status": 200}`, or 400 with an `error` (Back-Channel Logout 1.0 §2.8).

        The token is used up only after its effect is stored: one that failed may be sent again. Whoever replays one
        repeats its effect at most, which is to end what began before it was made.
        """
        provider, now = str(body["provider"]), self._now()
        try:
            token = await self._verify(provider, str(body["logout_token"]).encode())
        except CredentialRefused as refusal:
            _audit.warning("logout-refused", extra={"facts": {"by": provider, "reason": refusal.log_detail}})
            return {"status": 400, "error": "invalid_request"}
        await self._revoke(_revocation(provider, token, now), now)
        first = await self._claim({"provider": f"logout:{provider}", "jti": token.jti, "expires": token.expires})
        return {"status": 200} if first else {"status": 400, "error": "invalid_request"}

    async def _revoke(self, revocation: Revocation, now: float) -> None:
        provider, kind = revocation.provider, revocation.kind
        expires = now + self.absolute[provider]
        kept = Revocation(kind, provider, revocation.value, revocation.before, revocation.reason, now, expires)
        await self._revoker.revoke([kept], now)
        facts = {"by": provider, "subject": f"{kind} {revocation.value}", "reason": revocation.reason}
        _audit.info("end-sessions", extra={"facts": facts})


def _revocation(provider: str, token: LogoutToken, now: float) -> Revocation:
    """With `sid` that one session, else all of the subject that began before (§2.7)."""
    if token.sid is not None:
        return Revocation("sid", provider, token.sid, reason=BACK)
    return Revocation("sub", provider, token.subject or "", issued_before(token.issued, now), reason=BACK)
