"""Proofs of possession (DPoP), for all workers: the nonces that they may hold, and which of them were used.

All of it is of this process alone. Another one, after a restart or on another node, has nonces of its own and refuses
what it cannot remember (`identity/dpop/server_nonces.py`).
"""

import secrets
import time
from collections.abc import Callable
from typing import Any

from hotgate.identity import base64url
from hotgate.runtime.desks.claim_book import ClaimBook, Verdict
from hotgate.runtime.workers.channel import Message

NONCE_PERIOD = 150.0  # seconds; one is accepted for two of them
# A proof is remembered for 75 s at most (MAX_AGE, MAX_AHEAD and MARGIN in `identity/dpop/proof.py`): 10,000 a second
# have room, in 105 MB, or 175 MB if no two are of one subject.
MAX_PROOFS = 800_000
_SHARE = MAX_PROOFS // 2  # of one subject, so that none of them locks out all others
_NONCE_BYTES = 16


class Proofs:
    """broadcast: to all workers. now: monotonic seconds. clock: seconds since the epoch.

    has_predecessor: another control process still answers some of the workers; until `alone` is called, only proofs
    with a nonce of ours are certainly not used there.
    """

    def __init__(
        self,
        broadcast: Callable[[Message], None],
        now: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
        *,
        has_predecessor: bool = False,
    ) -> None:
        self._broadcast = broadcast
        self._now = now
        self._clock = clock
        self._epoch = _new_nonce()
        self._nonces = [_new_nonce()]
        self._renewed = now()
        self._since = None if has_predecessor else clock()
        self._book = ClaimBook(MAX_PROOFS, _SHARE)

    @property
    def message(self) -> Message:
        """What each worker must hear before it can accept proofs."""
        return {"type": "proofs", "epoch": self._epoch, "nonces": self._nonces, "since": self._since}

    def alone(self) -> None:
        """From now on all workers ask here."""
        self._since = self._clock()
        self._broadcast(self.message)

    def tick(self) -> None:
        """Replace a nonce that is old enough; it is accepted for as long again."""
        if self._now() - self._renewed >= NONCE_PERIOD:
            self._renewed = self._now()
            self._nonces = [_new_nonce(), self._nonces[0]]
            self._broadcast(self.message)

    async def claim(self, body: Any) -> list[Verdict]:
        """A verdict for each of `{"epoch", "claims": [[holder, identity, expires]]}`; the first two are hexadecimal.

        Raises ValueError for a worker that has judged the proofs by what another control process has said.
        """
        if body["epoch"] != self._epoch:
            raise ValueError("these proofs were judged before this control process was heard")
        now, book = self._clock(), self._book
        return [
            book.claim(bytes.fromhex(identity), float(expires), now, bytes.fromhex(holder))
            for holder, identity, expires in body["claims"]
        ]

    async def look(self, body: Any) -> bool:
        """Whether `{"holder", "identity"}`, both hexadecimal, could be used now; nothing is."""
        identity, holder = bytes.fromhex(body["identity"]), bytes.fromhex(body["holder"])
        return self._book.verdict(identity, self._clock(), holder) is Verdict.FIRST


def _new_nonce() -> str:
    return base64url.encode(secrets.token_bytes(_NONCE_BYTES)).decode("ascii")
