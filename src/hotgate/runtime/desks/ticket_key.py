"""The key of TLS session tickets: made by the control process, shared by all workers, kept nowhere else."""

import secrets
from collections.abc import Callable

from hotgate.edge.openssl import TICKET_KEY_BYTES
from hotgate.runtime.workers.channel import Message

# Whoever gets a key can read what was sent under its tickets, so it is changed often (RFC 9325 §3.4 wants a week at
# most, and tickets that live half as long: OpenSSL's live two hours).
_ROTATION = 12 * 3600.0  # seconds


class TicketKey:
    """With one key, a session that began with one worker is resumed by any other. A new key ends older sessions."""

    def __init__(self, broadcast: Callable[[Message], None], now: Callable[[], float]) -> None:
        self._broadcast = broadcast
        self._now = now
        self._make()

    @property
    def text(self) -> str:
        """The key in force, as workers are sent it."""
        return self._key.hex()

    def tick(self) -> None:
        """Replace a key that is old enough."""
        if self._now() - self._made >= _ROTATION:
            self._make()
            self._broadcast({"type": "ticket_key", "key": self.text})

    def _make(self) -> None:
        self._key = secrets.token_bytes(TICKET_KEY_BYTES)
        self._made = self._now()
