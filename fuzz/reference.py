"""What a target and a list of fields mean, told as simply as the RFCs allow; nothing of the gateway's is used."""

import re
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

from hotgate.http.reserved import is_reserved

Field = tuple[bytes, bytes]

_HOP_BY_HOP = frozenset(
    name.encode()
    for name in (
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authentication-info", "proxy-authorization"),
        *("proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings"),
    )
)


def meaning_of_target(target: bytes) -> tuple[list[bytes], bytes]:
    """(decoded segments without dots and empty ones, query) of a target in origin or absolute form."""
    if not target.startswith(b"/"):
        target = b"/" + re.sub(rb"\A[^:]*://[^/?]*/?", b"", target)
    path, _, query = target.partition(b"?")
    segments: list[bytes] = []
    for segment in unquote_to_bytes(path).split(b"/"):
        if segment == b"..":
            del segments[-1:]
        elif segment not in (b"", b"."):
            segments.append(segment)
    return segments, query


def is_removed(name: bytes, fields: Sequence[Field]) -> bool:
    """Whether a gateway has a reason not to send this field on: it ends here, or it speaks for a gateway."""
    options = {
        option.strip().lower() for each, value in fields if each == b"connection" for option in value.split(b",")
    }
    if name in _HOP_BY_HOP or name in options or b"_" in name:
        return True

    return is_reserved(name)
