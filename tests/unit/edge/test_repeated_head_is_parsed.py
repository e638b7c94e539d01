"""The short cut past the parser never yields anything but what the parser would have yielded."""

from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from hotgate.edge.request_reader import RequestReader
from hotgate.edge.request_rules import RequestLimits, RequestRules
from unit.edge.request_bytes import Owner, plain

_LINES = st.sampled_from(
    [
        *(
            b"GET / HTTP/1.1",
            b"GET /a?b HTTP/1.1",
            b"HEAD /%7e/../c HTTP/1.1",
            b"DELETE /x HTTP/1.1",
            b"POST / HTTP/1.1",
        ),
        *(b"OPTIONS * HTTP/1.1", b"GET / HTTP/1.0", b"GET  / HTTP/1.1", b"GET /%00 HTTP/1.1", b"get / HTTP/1.1"),
        *(b"GET http://a/ HTTP/1.1", b"GET http://b/ HTTP/1.1", b"GET /" + b"x" * 60 + b" HTTP/1.1", b"", b"X"),
        *(
            b"\r\nGET / HTTP/1.1",
            b"GET / HTTP/1.1\nX: y",
            b"GET / HTTP/1.1\r\nX:",
            b"GET / HTTP/1.1\r\nContent-Length: 4",
        ),
        *(b"GET / HTTP/1.1\r\n\r\nGET /2 HTTP/1.1", b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1"),
    ]
)
_BLOCKS = st.sampled_from(
    [
        *(b"Host: a", b"Host: a\r\nConnection: close", b"Host: a\r\nContent-Length: 0", b"X-One: 1"),
        *(b"Host: a\r\nHost: a", b"Host: a\r\nX_One: 1", b"Host: a\r\nExpect: 100-continue"),
        *(b"Host: a\r\nX-One: 1\r\nX-Forwarded-For: 1.2.3.4\r\nX-Request-Id: r", b"Host: a\r\nConnection: X\r\nX: 1"),
        *(b"Host: a\r\nUpgrade: h2c\r\nConnection: upgrade", b"Host: a\r\nUpgrade: websocket\r\nConnection: upgrade"),
    ]
)
_TAILS = st.sampled_from([*[b""] * 4, b"G", b"\r\n", b"GET /3 HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1\r\n"])
_RULES = [
    RequestRules(),
    RequestRules(RequestLimits(max_target_bytes=20)),
    RequestRules(RequestLimits(max_fields=2)),
    RequestRules(RequestLimits(max_head_bytes=40)),
    RequestRules(refuse_underscores=True),
]
_HEADS = st.builds(lambda line, block, tail: b"%b\r\n%b\r\n\r\n%b" % (line, block, tail), _LINES, _BLOCKS, _TAILS)
_STEPS = st.lists(_HEADS | st.integers(0, len(_RULES) - 1), min_size=1, max_size=6)


def _after(steps: list[bytes | int]) -> list[object]:
    owner = Owner()
    reader = RequestReader(owner, _RULES[0])
    for step in steps:
        if isinstance(step, bytes):
            reader.feed(step)
        elif reader.is_between:
            reader.rules = _RULES[step]
    return [*map(plain, owner.requests), reader.is_closed, reader.is_between, reader.has_partial_head]


@settings(max_examples=1000, deadline=None, derandomize=True)
@given(block=_BLOCKS, steps=_STEPS, most_equal=st.booleans())
def test_with_and_without(block: bytes, steps: list[bytes | int], most_equal: bool) -> None:
    if most_equal:  # or a head is hardly ever repeated
        lines = [step.partition(b"\r\n")[0] if isinstance(step, bytes) else step for step in steps]
        steps = [b"%b\r\n%b\r\n\r\n" % (line, block) if isinstance(line, bytes) else line for line in lines]
    with patch("hotgate.edge.request_reader.RepeatedHead.of", return_value=None):
        parsed = _after(steps)
    assert _after(steps) == parsed
