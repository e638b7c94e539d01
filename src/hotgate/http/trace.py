"""Request ids and W3C Trace Context: which ones from outside are believed, and how new ones are made.

Ids are made to be unique, not secret: nobody is let in for knowing one. Source: https://www.w3.org/TR/trace-context-2/.
"""

import os
import random
import re

_request_id = re.compile(rb"[A-Za-z0-9._-]{1,128}").fullmatch
_parent = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.DOTALL).fullmatch

_KNOWN_FLAGS = 0b11  # sampled, and (level 2) random-trace-id; the others must be sent as zero
_NO_TRACE = b"0" * 32
_NO_SPAN = b"0" * 16

# Ten times faster than asking the system for each id; the generator of `random` itself may be seeded by anybody.
_weak_random = random.Random(os.urandom(32))  # noqa: S311
os.register_at_fork(after_in_child=lambda: _weak_random.seed(os.urandom(32)))  # or every worker makes the same ids


def valid_request_id(value: bytes) -> bool:
    """Whether an `X-Request-Id` may be kept: 1 to 128 ASCII letters, digits, `.`, `_` or `-`, harmless in any log."""
    return _request_id(value) is not None


def continued(traceparent: bytes) -> tuple[str, int] | None:
    """The trace id and flags (those we know) of a `traceparent` field, or None if the trace must start anew.

    Version 00 has one exact length; later ones may have more after a dash; ff is forbidden (Trace Context §3.2.2).
    """
    match = _parent(traceparent)
    if match is None:
        return None
    version, trace_id, span_id, flags, more = match.groups()
    if version == b"ff" or (version == b"00" and more is not None):
        return None
    if trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    return trace_id.decode("ascii"), int(flags, 16) & _KNOWN_FLAGS


class Trace:
    """A request's trace. trace_id: 32 lower-case hexadecimal digits. traceparent: the field to send."""

    __slots__ = ("trace_id", "traceparent")

    def __init__(self, trace_id: bytes, span_id: bytes, flags: int) -> None:
        self.trace_id = trace_id.decode("ascii")
        self.traceparent = b"00-%b-%b-%02x" % (trace_id, span_id, flags)


def trace_of(received: bytes) -> Trace:
    """The trace that a `traceparent` field continues, or a new one, in either case with a new span id.

    A new trace is sampled, and its id is random enough for the random-trace-id flag of level 2.
    """
    digits = b"%048x" % _weak_random.getrandbits(192)
    parent = continued(received) if received else None
    if parent is None:
        return Trace(digits[:32], digits[32:], _KNOWN_FLAGS)
    return Trace(parent[0].encode("ascii"), digits[32:], parent[1])
