"""Ids from outside are kept only in the form that cannot hurt a log or a backend."""

import os
import subprocess
import sys

import pytest

from hotgate.http.trace import continued, trace_of, valid_request_id

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


@pytest.mark.parametrize("value", [b"a", b"A-b_c.9", b"x" * 128, TRACE.encode()])
def test_keeps_harmless_request_ids(value: bytes) -> None:
    assert valid_request_id(value)


@pytest.mark.parametrize(
    "value", [b"", b"x" * 129, b"a b", b"a\n", b"a\r\nb", b'a"b', b"{a}", b"\xc3\xa9", b"a/b", b"\x00"]
)
def test_refuses_other_request_ids(value: bytes) -> None:
    assert not valid_request_id(value)


@pytest.mark.parametrize(
    ("field", "flags"),
    [
        (f"00-{TRACE}-{SPAN}-01", 1),
        (f"00-{TRACE}-{SPAN}-00", 0),
        (f"00-{TRACE}-{SPAN}-03", 3),
        (f"00-{TRACE}-{SPAN}-ff", 3),
        (f"01-{TRACE}-{SPAN}-01", 1),
        (f"cc-{TRACE}-{SPAN}-01-what-comes-later", 1),
    ],
)
def test_continues_a_valid_trace(field: str, flags: int) -> None:
    assert continued(field.encode()) == (TRACE, flags)


@pytest.mark.parametrize(
    "field",
    [
        *("", "00", f"00-{TRACE}-{SPAN}", f"00-{TRACE}-{SPAN}-1", f"00-{TRACE}-{SPAN}-0x"),
        *(f"ff-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01-", f"00-{TRACE}-{SPAN}-01-x", f"01-{TRACE}-{SPAN}-01x"),
        *(f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01", f"00-{TRACE.upper()}-{SPAN}-01"),
        *(f"00-{TRACE}-{SPAN}-01\n", f" 00-{TRACE}-{SPAN}-01", f"00-{TRACE[1:]}-{SPAN}-01", f"0-{TRACE}-{SPAN}-01"),
    ],
)
def test_starts_anew_after_an_invalid_one(field: str) -> None:
    assert continued(field.encode()) is None


def test_new_traces_are_valid_and_differ() -> None:
    traces = [trace_of(b"") for _ in range(1000)]
    assert len({trace.trace_id for trace in traces}) == 1000
    assert all(continued(trace.traceparent) == (trace.trace_id, 3) for trace in traces)


def test_each_hop_gets_a_new_span() -> None:
    received = f"00-{TRACE}-{SPAN}-01".encode()
    first, second = trace_of(received), trace_of(received)
    assert first.trace_id == second.trace_id == TRACE
    assert len({received, first.traceparent, second.traceparent}) == 3


def test_unknown_flags_are_sent_as_zero() -> None:
    assert trace_of(f"00-{TRACE}-{SPAN}-ff".encode()).traceparent.endswith(b"-03")


_FORK_AND_PRINT = """
import os, sys
from hotgate.http.trace import trace_of
child = os.fork()
os.write(1, trace_of(b'').trace_id.encode() + b" ")
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) if child else 0)
"""


def test_forked_workers_make_different_traces() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", _FORK_AND_PRINT]
    printed = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=environment).stdout.split()
    assert len(printed) == len(set(printed)) == 2
