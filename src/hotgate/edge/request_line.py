"""A request line of another protocol: the parser knows RTSP too, and does not say which of the two it has read."""

import re


def is_rtsp(head: bytes, target: bytes) -> bool:
    """Whether the request for `target` in these bytes says RTSP where HTTP belongs (RFC 9112 §2.3).

    head: from the start of the request line on; more may follow. A body that repeats the very request line, but for the
    protocol, is taken for it as well: that refuses a little too much, and nothing too little.
    """
    return b"RTSP/" in head and re.search(rb"[A-Z] +%b +RTSP/" % re.escape(target), head) is not None
