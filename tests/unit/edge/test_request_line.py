"""RTSP, which the parser takes for HTTP."""

import pytest

from hotgate.edge.request_line import is_rtsp


@pytest.mark.parametrize(
    ("head", "target", "answer"),
    [
        (b"OPTIONS /a RTSP/1.0\r\n", b"/a", True),
        (b"GET /a  RTSP/1.1\r\n", b"/a", True),
        (b"POST /x HTTP/1.1\r\n\r\nGET /a RTSP/1.0\r\n", b"/a", True),
        (b"GET /a?b+c(d) RTSP/1.0\r\n", b"/a?b+c(d)", True),
        (b"GET /a HTTP/1.1\r\nVia: RTSP/1.0 x\r\n", b"/a", False),
        (b"GET /RTSP/1.0 HTTP/1.1\r\n", b"/RTSP/1.0", False),
        (b"GET /axb RTSP/1.0\r\n", b"/a.b", False),
    ],
)
def test_is_rtsp(head: bytes, target: bytes, answer: bool) -> None:
    assert is_rtsp(head, target) is answer
