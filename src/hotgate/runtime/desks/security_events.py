"""What was told of tokens, sessions and accounts, and verified by a worker: it is stored before it is acknowledged."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

from hotgate.config.gateway import Gateway
from hotgate.config.security_events import SecurityEvents
from hotgate.control.event_revocations import event_revocations
from hotgate.control.revoker import Revoker
from hotgate.identity.events.ended import Ended
from hotgate.policies.security_events.delivery import ABOUT
from hotgate.policies.security_events.named_callers import subject_claim
from hotgate.runtime.desks.answers import Answers

_audit = logging.getLogger("hotgate.audit")

MAX_KNOWN = 10_000  # events that are not stored once more when they are sent again


class SecurityEventDesk:
    """What is sent twice has no second effect: it ends what was issued until it happened, and that has ended."""

    def __init__(self, revoker: Revoker, now: Callable[[], float] = time.time) -> None:
        self._revoker = revoker
        self._now = now
        self._receivers: Mapping[str, SecurityEvents] = {}
        self._subjects: dict[str, str] = {}
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def register(self, answers: Answers) -> None:
        """Answer from now on."""
        answers.register(ABOUT, self.received)

    def follow(self, config: Gateway) -> None:
        """Know whom the receivers may end what of."""
        self._receivers = config.security_events
        named = {name for receiver in self._receivers.values() for name in receiver.revokes}
        self._subjects = {name: subject_claim(config.identity[name]) for name in named}

    async def received(self, body: Any) -> bool:
        """True once everything is stored, or was before. Raises StoreUnavailable, InvalidRecord: send it again."""
        receiver, jti = str(body["receiver"]), str(body["jti"])
        if (receiver, jti) in self._known:
            return True
        settings, now = self._receivers[receiver], self._now()
        ended = [Ended(*each) for each in body["ended"]]
        subjects = {name: self._subjects[name] for name in body.get("entries") or settings.revokes}
        reason = f"told by {receiver}"
        revocations = event_revocations(ended, subjects, reason, now, now + settings.keep)
        await self._revoker.revoke(revocations, now)
        self._remember((receiver, jti))
        _tell(receiver, body, [f"{each.provider} {each.kind} {each.value}" for each in revocations])
        return True

    def _remember(self, event: tuple[str, str]) -> None:
        while len(self._known) >= MAX_KNOWN:
            self._known.popitem(last=False)
        self._known[event] = None


def _tell(receiver: str, body: Any, revoked: list[str]) -> None:
    """txn: what the transmitter calls the cause (RFC 8417 §2.2), so that its logs and these can be joined."""
    facts = {"by": receiver, "jti": body["jti"], "txn": body["txn"], "events": body["types"], "revoked": revoked}
    is_lost = body["unmapped"] or (body["ended"] and not revoked)
    if is_lost:
        _audit.warning("security-event-without-effect", extra={"facts": facts | {"unmapped": body["unmapped"]}})
    else:
        _audit.info("security-event", extra={"facts": facts})
