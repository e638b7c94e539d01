"""Where the frames of a WebSocket begin and end (RFC 6455 §5.2), without a look at what is in them."""

GOING_AWAY = b"\x88\x02\x03\xe9"  # a Close frame from a server, status 1001: it goes down (RFC 6455 §7.4.1)
NO_LONGER_ALLOWED = b"\x88\x02\x03\xf0"  # status 1008: what the server has received violates its policy
_CLOSE = 0x8
_TWO_BYTES, _EIGHT_BYTES = 126, 127  # lengths that say how many bytes the length has


class FrameBoundaries:
    """Follows one direction of a connection from its first frame on. has_closed: a Close frame has begun."""

    __slots__ = ("_head", "_is_in_head", "_left", "has_closed")

    def __init__(self) -> None:
        self._head = bytearray()
        self._left = 0
        self._is_in_head = True
        self.has_closed = False

    @property
    def is_between(self) -> bool:
        """True where a frame ended and none has begun: another one may be sent here."""
        return self._is_in_head and not self._head

    def step(self, data: bytes, start: int) -> int:
        """Follow one frame from `start` to its end, or that of `data`. Returns where that is."""
        if self._is_in_head:
            start = self._read_head(data, start)
        if self._is_in_head:
            return start
        taken = min(self._left, len(data) - start)
        self._left -= taken
        self._is_in_head = not self._left
        return start + taken

    def _read_head(self, data: bytes, start: int) -> int:
        head = self._head
        for position in range(start, len(data)):
            head.append(data[position])
            if len(head) >= 2 and len(head) == _size_of_head(head[1]):
                self._begin(head)
                return position + 1
        return len(data)

    def _begin(self, head: bytearray) -> None:
        length = head[1] & 0x7F
        self._left = int.from_bytes(head[2 : 2 + _size_of_length(length)]) if length >= _TWO_BYTES else length
        self.has_closed = self.has_closed or head[0] & 0xF == _CLOSE
        self._is_in_head = False
        self._head = bytearray()


def _size_of_length(length: int) -> int:
    return {_TWO_BYTES: 2, _EIGHT_BYTES: 8}.get(length, 0)


def _size_of_head(second: int) -> int:
    """Bytes of a frame's head: two, the extended length, and a mask if there is one."""
    return 2 + _size_of_length(second & 0x7F) + (4 if second & 0x80 else 0)
