"""HTTP/1.1 messages as tests see them: read without any of the code under test."""

import json
from dataclasses import dataclass, field
from typing import Any

Field = tuple[bytes, bytes]


@dataclass
class Message:
    """start: the first line. fields: names in lower case. chunks: as they came, if it was chunked."""

    start: bytes
    fields: list[Field]
    body: bytes = b""
    chunks: list[bytes] = field(default_factory=list)
    trailers: list[Field] = field(default_factory=list)

    @property
    def status(self) -> int:
        """The status code of an answer."""
        return int(self.start.split(b" ")[1])

    def get(self, name: bytes) -> bytes | None:
        """The value of a field that may appear once, or None."""
        values = self.get_all(name)
        assert len(values) <= 1, f"{name!r} is repeated: {values}"
        return values[0] if values else None

    def get_all(self, name: bytes) -> list[bytes]:
        """All values of a field."""
        return [value for field_name, value in self.fields if field_name == name]

    @property
    def is_chunked(self) -> bool:
        """Whether the body is framed by chunks."""
        return self.get(b"transfer-encoding") == b"chunked"

    @property
    def length(self) -> int | None:
        """The declared length."""
        value = self.get(b"content-length")
        return None if value is None else int(value)

    @property
    def may_have_body(self) -> bool:
        """Whether it is not an answer that ends with its head, whatever it says (RFC 9112 §6.3)."""
        return not self.start.startswith(b"HTTP/") or not (self.status < 200 or self.status in (204, 304))

    @property
    def ends_with_connection(self) -> bool:
        """Whether only the end of the connection ends the body."""
        return self.start.startswith(b"HTTP/") and self.may_have_body and not self.is_chunked and self.length is None

    @property
    def closes(self) -> bool:
        """Whether it says that the connection ends."""
        return self.get(b"connection") == b"close"

    @property
    def code(self) -> str:
        """The code of a problem document."""
        problem: dict[str, Any] = json.loads(self.body)
        return str(problem["code"])


def parse_head(data: bytes) -> Message:
    """A start line and fields. Raises ValueError for a line without a colon."""
    start, *lines = data[:-4].split(b"\r\n")
    fields = []
    for line in lines:
        name, colon, value = line.partition(b":")
        if not colon or not name or b"\n" in line or b"\r" in line:
            raise ValueError(f"not a field: {line!r}")
        fields.append((name.lower(), value.strip(b" \t")))
    return Message(start, fields)
