"""The first message of a TLS client, read as far as the host that it asks for.

Which certificate a client gets, whether it must show one, and under which key its session tickets are, all hang on
that name. OpenSSL tells it when half of this is decided: a ticket has been opened by then (CVE-2025-23419), and what
is asked of the client cannot be changed any more. So the name is read before OpenSSL sees the connection.

Nothing is verified here. Whatever is malformed has no name, and OpenSSL refuses it in its own words.
"""

_HANDSHAKE = 22  # RFC 8446 §5.1
_CLIENT_HELLO = 1  # §4
_SERVER_NAME, _HOST_NAME = 0, 0  # RFC 6066 §3
_MAX_BYTES = 16 * 1024  # with keys that withstand quantum computers a browser sends 1.8 KiB


class ClientHello:
    """Feed it until `is_read`. name: lower case, without a last dot; None for a client that asks for none."""

    __slots__ = ("_fed", "_message", "_record", "is_read", "name")

    def __init__(self) -> None:
        self._record = bytearray()
        self._message = bytearray()
        self._fed = 0
        self.is_read = False
        self.name: str | None = None

    def feed(self, data: bytes) -> None:
        """More of what the client sent. Takes time in proportion to it, however small the pieces are."""
        self._fed += len(data)
        self._record += data
        try:
            while len(self._record) >= 5:
                if not self._take_record():
                    break
        except (IndexError, ValueError):
            self.is_read = True
        if self._fed > _MAX_BYTES:  # of all bytes: empty records leave nothing behind, and whoever waits keeps them
            self.is_read = True

    def _take_record(self) -> bool:
        """Whether there was a whole one, and it was not the last that matters."""
        record, message = self._record, self._message
        if record[0] != _HANDSHAKE:
            raise ValueError("another kind of record")
        end = 5 + int.from_bytes(record[3:5])
        if len(record) < end:
            return False
        message += record[5:end]
        del record[:end]
        if message and message[0] != _CLIENT_HELLO:
            raise ValueError("another message")
        if len(message) >= 4 and len(message) >= (size := 4 + int.from_bytes(message[1:4])):
            self.name = _asked_name(bytes(message[4:size]))
            self.is_read = True
        return not self.is_read


def _asked_name(hello: bytes) -> str | None:
    """RFC 8446 §4.1.2: version, random, session id, suites, compression; then the extensions."""
    rest = _after(_after(_after(hello[34:], 1), 2), 1)
    extensions = _vector(rest, 2)
    while extensions:
        kind = int.from_bytes(extensions[:2])
        content = _vector(extensions[2:], 2)
        if kind == _SERVER_NAME:
            return _host_name(_vector(content, 2))
        extensions = extensions[4 + len(content) :]
    return None


def _host_name(entry: bytes) -> str | None:
    if entry[0] != _HOST_NAME:
        return None
    # Of bytes that are not ASCII no certificate and no request can have the name.
    return _vector(entry[1:], 2).decode("latin-1").lower().removesuffix(".")


def _vector(data: bytes, width: int) -> bytes:
    """What stands behind its own length. Raises ValueError if it does not all stand there."""
    size = int.from_bytes(data[:width])
    if len(data) < width + size:
        raise ValueError("it ends too early")
    return data[width : width + size]


def _after(data: bytes, width: int) -> bytes:
    return data[width + len(_vector(data, width)) :]
