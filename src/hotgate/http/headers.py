"""Header fields as they travel: an ordered list of (lower-case name, value), both bytes.

Names are lower-cased once, when they are parsed; HTTP/2 demands it and HTTP/1.1 does not care (RFC 9110 §5.1).
"""

import re
from collections.abc import Iterable, Iterator

Field = tuple[bytes, bytes]

_TOKEN = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110 §5.6.2
_VALUE = re.compile(rb"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110 §5.5: no CR, LF, NUL or other control


class InvalidHeader(ValueError):
    """A name or value that cannot be written to the wire without changing the framing."""


class Headers:
    """A mutable multi-map. `fields` is the list itself: the hot path reads and extends it directly."""

    __slots__ = ("fields",)

    def __init__(self, fields: Iterable[Field] = ()) -> None:
        self.fields: list[Field] = fields if isinstance(fields, list) else list(fields)

    def get(self, name: bytes) -> bytes | None:
        """The first value of a field, or None. `name` is lower case."""
        for field_name, value in self.fields:
            if field_name == name:
                return value
        return None

    def get_all(self, name: bytes) -> list[bytes]:
        """All values of a field, in the order received."""
        return [value for field_name, value in self.fields if field_name == name]

    def set(self, name: bytes, value: bytes) -> None:
        """Replace every value of a field by one. Raises InvalidHeader."""
        field = valid_field(name, value)
        self.remove(field[0])
        self.fields.append(field)

    def add(self, name: bytes, value: bytes) -> None:
        """Add one more value. Raises InvalidHeader."""
        self.fields.append(valid_field(name, value))

    def remove(self, name: bytes) -> None:
        """Remove every value of a field; a missing one is fine."""
        self.fields = [field for field in self.fields if field[0] != name]

    def __contains__(self, name: bytes) -> bool:
        return any(field[0] == name for field in self.fields)

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __repr__(self) -> str:
        # Values may be credentials: a representation ends up in logs and tracebacks.
        return f"Headers({[name.decode('latin-1') for name, _ in self.fields]})"


def valid_field(name: bytes, value: bytes) -> Field:
    """A field that is safe to write, its name lower-cased. Raises InvalidHeader (RFC 9110 §5.5, header injection)."""
    if not _TOKEN.fullmatch(name):
        raise InvalidHeader("a header name must be a token (RFC 9110, section 5.6.2)")
    if not _VALUE.fullmatch(value):
        raise InvalidHeader(f"the value of header {name.decode('latin-1')} has a control character")
    return name.lower(), value


def encode_fields(fields: Iterable[Field]) -> bytes:
    """The wire form of fields, each line ended by CRLF. Raises InvalidHeader if a field would end its line early."""
    return joined_lines([b"%b: %b\r\n" % field for field in fields])


def decode_fields(block: bytes) -> tuple[Field, ...]:
    """The fields of which `encode_fields` made a block."""
    parts = [line.partition(b": ") for line in block.splitlines()]
    return tuple([(name, value) for name, _, value in parts])


def joined_lines(lines: list[bytes]) -> bytes:
    """Encoded fields as one block. Raises InvalidHeader if one of them would end its line early."""
    block = b"".join(lines)
    if not block.count(b"\n") == block.count(b"\r") == len(lines):
        raise InvalidHeader("a header field has a line end in it")
    return block
