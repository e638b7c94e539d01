"""What property tests read: pieces of requests, good and bad, and all that a reader makes of them."""

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from fuzz.seeds.requests import FRAGMENTS, SEEDS
from hypothesis import strategies as st

from hotgate.edge.incoming import Incoming
from hotgate.edge.request_reader import RequestReader
from hotgate.edge.request_rules import RequestRules

LINES = st.sampled_from([b"GET / HTTP/1.1", b"HEAD /b?c HTTP/1.1", b"POST / HTTP/1.1", b"GET / HTTP/1.0", *FRAGMENTS])
FIELDS = st.sampled_from([b"Host: a", b"X-One: 1", b"Content-Length: 3", b"Transfer-Encoding: chunked", *FRAGMENTS])
MESSAGES = st.sampled_from(SEEDS) | st.builds(
    lambda line, fields, body: b"\r\n".join([line, b"Host: a", *fields, b"", body]),
    LINES,
    st.lists(FIELDS, max_size=3),
    st.sampled_from([b"", b"", b"abc", b"3\r\nabc\r\n0\r\n\r\n"]),
)
STREAMS = st.lists(MESSAGES, min_size=1, max_size=4).map(b"".join)


def split(data: bytes, cuts: Iterable[int]) -> list[bytes]:
    """The data cut at these places; one beyond its end counts from the start again."""
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in pairwise(places)]


class Owner:
    """Keeps what is read."""

    def __init__(self) -> None:
        self.requests: list[Incoming] = []

    def on_incoming(self, incoming: Incoming) -> bool:
        self.requests.append(incoming)
        return True

    def on_client_hello(self) -> bool:
        """Nobody here speaks TLS."""
        return False


def read(pieces: Iterable[bytes], rules: RequestRules | None = None) -> tuple[list[Any], bool]:
    """(all requests as plain values, whether nothing more is read)."""
    owner = Owner()
    reader = RequestReader(owner, rules or RequestRules())
    for piece in pieces:
        reader.feed(piece)
    return [plain(incoming) for incoming in owner.requests], reader.is_closed


def plain(incoming: Incoming) -> tuple[object, ...]:
    """Everything about a request. Of a refused one only the verdict: how much came before it depends on the reads."""
    if incoming.refusal is not None:
        return incoming.refusal.status, incoming.refusal.code, incoming.keep_alive
    request = incoming.request
    return (
        *(request.method, request.path, request.query, request.host, request.authority, request.version),
        *(request.scheme, request.headers.fields, incoming.forwarding, incoming.request_id, incoming.traceparent),
        *(incoming.length, incoming.chunked, incoming.has_body, incoming.expects_continue, incoming.asks_upgrade),
        *(incoming.upgrade, incoming.keep_alive, incoming.is_complete, incoming.received, incoming.trailers),
        bytes(incoming.buffer or b""),
    )
