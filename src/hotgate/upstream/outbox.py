"""Writes are collected while the event loop reads, and sent in one go before it waits again.

Written one by one, each wakes the process at the other end, which goes back to sleep before the next arrives; waking
it is the most expensive part of sending a small message. In one go, it is woken once and finds many.
"""

import asyncio
import logging

_log = logging.getLogger("hotgate.upstream")


class Outbox:
    """One per worker, shared by all of its connections."""

    __slots__ = ("_outputs",)

    def __init__(self) -> None:
        self._outputs: list[Output] = []

    def add(self, output: "Output") -> None:
        """Have an output sent at the end of this round of the event loop."""
        if not self._outputs:
            asyncio.get_running_loop().call_soon(self._send)
        self._outputs.append(output)

    def _send(self) -> None:
        outputs, self._outputs = self._outputs, []
        for output in outputs:
            try:
                output.send()
            except Exception:  # noqa: BLE001  (one connection's trouble must not silence the others)
                _log.exception("a connection is given up: its output cannot be sent")
                output.abort()


class Output:
    """What one connection is about to send, in order. `send` does it at once, for example before closing."""

    __slots__ = ("_has_dropped", "_outbox", "_pieces", "_size", "_transport")

    def __init__(self, transport: asyncio.Transport, outbox: Outbox) -> None:
        self._transport = transport
        self._outbox = outbox
        self._pieces: list[bytes] = []
        self._size = 0
        self._has_dropped = False

    def write(self, piece: bytes) -> None:
        """Send this with everything else of this round; a lot at once, so that back-pressure acts in time."""
        if not self._pieces:
            self._outbox.add(self)
        self._pieces.append(piece)
        self._size += len(piece)
        if self._size > _LARGE:
            self.send()

    @property
    def is_unsent(self) -> bool:
        """Whether what was last written has not been handed over: it waits, or came when the connection was closed."""
        return self._has_dropped or bool(self._pieces)

    def abort(self) -> None:
        """Give the connection up."""
        self._transport.abort()

    def send(self) -> None:
        """Hand over what there is; nothing if the connection is closed."""
        pieces = self._pieces
        if not pieces:
            return
        self._pieces = []
        size, self._size = self._size, 0
        if self._transport.is_closing():
            self._has_dropped = True
            return
        if len(pieces) == 1:
            self._transport.write(pieces[0])
        elif size <= 2 * _LARGE:
            self._transport.write(b"".join(pieces))  # cheaper than a vector of small pieces
        else:
            self._transport.writelines(pieces)


_LARGE = 16 * 1024
