"""Messages between the control process and a worker: JSON objects in frames, over a Unix stream socket.

A frame is a length of four bytes, big-endian, and then so many bytes of one JSON object with a text member `type`.
Small messages that are sent in one turn of the event loop can share a frame (`send_soon`), for a frame costs more than
they do. A process of another version, which an upgrade or a way back from it leaves behind, may not know that: a worker
says in its `hello` that it does, and is answered by such a frame.
Both ends use this file. A peer that breaks the framing, or does not read, is disconnected: after a reconnect both
sides start from a known state, which is simpler and safer than to repair half a conversation.
"""

import asyncio
import json
import os
import socket
import struct
from collections.abc import Callable
from typing import Any

Message = dict[str, Any]

CONFIGURATION_LIMIT = 64 * 1024 * 1024  # bytes of a frame that carries a configuration (10,000 routes are about 5 MiB)
REPORT_LIMIT = 16 * 1024 * 1024  # bytes of a frame from a worker: metrics of 10,000 routes, leases of 100,000 clients
_TOGETHER = "together"  # the type of a frame that holds several messages
_MOST_TOGETHER, _LARGEST_TOGETHER = 500, 1024 * 1024  # messages, bytes
_MESSAGE_HIGH_WATER = 1024 * 1024  # bytes unsent above which droppable messages are dropped
_encode = json.JSONEncoder(separators=(",", ":")).encode  # `json.dumps` would make one for each message
_LENGTH = struct.Struct("!I")
_CREDENTIALS = struct.Struct("3i")  # struct ucred of unix(7): pid, uid, gid


class FrameError(ValueError):
    """The peer sent something that is not a frame, or one that is too large."""


def encode_frame(message: Message) -> bytes:
    """The wire form of a message. Raises FrameError when it is larger than any receiver accepts."""
    return _frame(_encode(message))


def _frame(text: str) -> bytes:
    body = text.encode()
    if len(body) > CONFIGURATION_LIMIT:
        raise FrameError(f"a message of {len(body)} bytes is larger than {CONFIGURATION_LIMIT}")
    return _LENGTH.pack(len(body)) + body


class FrameDecoder:
    """Bytes in, messages out. limit: the largest body accepted, in bytes. has_joined: several have shared a frame."""

    __slots__ = ("_buffer", "_limit", "has_joined")

    def __init__(self, limit: int) -> None:
        self.has_joined = False
        self._limit = limit
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Message]:
        """All messages that are complete now. Raises FrameError; the decoder is of no use afterwards."""
        self._buffer += data
        messages = []
        start = 0
        while (end := self._end_of_frame(start)) is not None:
            messages += self._decode(self._buffer[start + _LENGTH.size : end])
            start = end
        del self._buffer[:start]  # once for all: there may be hundreds of small ones
        return messages

    def _end_of_frame(self, start: int) -> int | None:
        if len(self._buffer) - start < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack_from(self._buffer, start)
        if length > self._limit:
            raise FrameError(f"a frame of {length} bytes is larger than {self._limit}")
        end = start + _LENGTH.size + int(length)
        return end if len(self._buffer) >= end else None

    def _decode(self, body: bytearray) -> list[Message]:
        try:
            message = json.loads(body.decode())
        except (ValueError, RecursionError) as error:
            raise FrameError("a frame does not hold JSON") from error
        if _type_of(message) != _TOGETHER:
            return [message]
        self.has_joined = True
        messages = message.get("messages")
        if not isinstance(messages, list):
            raise FrameError("a frame for several messages does not hold any")
        for each in messages:
            _type_of(each)
        return messages


def _type_of(message: Any) -> str:
    kind = message.get("type") if isinstance(message, dict) else None
    if not isinstance(kind, str):
        raise FrameError("a frame does not hold an object with a type")
    return kind


class Channel(asyncio.Protocol):
    """One end of a connection. `on_message(channel, message)` and `on_closed(channel)` are called from the loop.

    peer: the process at the other end, known once connected. send_limit: bytes that may wait to be sent.
    """

    def __init__(
        self,
        *,
        on_message: "Callable[[Channel, Message], None]",
        on_closed: "Callable[[Channel], None]",
        on_connected: "Callable[[Channel], None] | None" = None,
        receive_limit: int = CONFIGURATION_LIMIT,
        send_limit: int = 2 * CONFIGURATION_LIMIT,
    ) -> None:
        self.peer = 0
        self.refusal = ""
        self._on_message = on_message
        self._on_closed = on_closed
        self._on_connected = on_connected
        self._decoder = FrameDecoder(receive_limit)
        self._send_limit = send_limit
        self._joins = False
        self._soon: list[Message] = []
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Refuse processes of other users, whatever the permissions of the socket's folder say."""
        self._transport = transport  # type: ignore[assignment]
        self.peer, owner = peer_credentials(transport.get_extra_info("socket"))
        if owner != os.geteuid():
            self._refuse(f"a process of user {owner} connected")
        elif self._on_connected is not None:
            self._on_connected(self)

    def data_received(self, data: bytes) -> None:
        """Decode and hand on; close on the first bad frame."""
        try:
            messages = self._decoder.feed(data)
        except FrameError as error:
            self._refuse(str(error))
            return
        for message in messages:
            if self._transport is None:
                return
            self._on_message(self, message)

    def connection_lost(self, _error: Exception | None) -> None:
        """The other end is gone."""
        self._transport = None
        self._on_closed(self)

    @property
    def is_open(self) -> bool:
        """True while messages can be sent."""
        return self._transport is not None and not self._transport.is_closing()

    def send(self, message: Message) -> None:
        """Queue a message. On a closed channel it is lost: `on_closed` has told, or will tell."""
        self.send_frame(encode_frame(message))

    def join(self) -> None:
        """The other end knows of several messages in a frame. It hears by one with none that this one does, too."""
        self._joins = True
        self._send_together([])

    def send_soon(self, message: Message) -> None:
        """Queue a message for the end of this turn of the event loop, and before whatever is sent until then."""
        if not self._soon:
            asyncio.get_running_loop().call_soon(self._send_waiting)
        self._soon.append(message)
        if len(self._soon) >= _MOST_TOGETHER:
            self._send_waiting()

    def _send_waiting(self) -> None:
        messages, self._soon = self._soon, []
        if len(messages) > 1 and (self._joins or self._decoder.has_joined):
            self._send_together(messages)
        else:
            for message in messages:
                self.send(message)

    def _send_together(self, messages: list[Message]) -> None:
        text = _encode({"type": _TOGETHER, "messages": messages})
        if len(text) > _LARGEST_TOGETHER and len(messages) > 1:
            middle = len(messages) // 2
            self._send_together(messages[:middle])
            self._send_together(messages[middle:])
        else:
            self.send_frame(_frame(text))

    def send_frame(self, frame: bytes) -> None:
        """Queue a frame that was encoded once for many receivers."""
        if self._soon:
            self._send_waiting()
        if self._transport is None or self._transport.is_closing():
            return
        if self._transport.get_write_buffer_size() + len(frame) > self._send_limit:
            self._refuse("the other end does not read its messages")
            return
        self._transport.write(frame)

    def send_droppable(self, message: Message) -> bool:
        """Queue a message that the next one replaces, unless the other end is slow. True if it was queued."""
        if self._transport is None or self._transport.get_write_buffer_size() > _MESSAGE_HIGH_WATER:
            return False
        self.send(message)
        return True

    def close(self) -> None:
        """Send what is queued, then close."""
        self._send_waiting()
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once; what is queued is lost."""
        if self._transport is not None:
            self._transport.abort()

    def _refuse(self, reason: str) -> None:
        self.refusal = reason
        self.abort()


def peer_credentials(connection: socket.socket) -> tuple[int, int]:
    """Process id and user id of the other end, as the kernel recorded them (SO_PEERCRED, unix(7))."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _gid = _CREDENTIALS.unpack(raw)
    return pid, uid
