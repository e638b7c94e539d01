"""`python -m fuzz.differential`: what Node.js and nginx make of what Hotgate sends on for every input that was kept."""

import base64
import json
import socket
import sys
from collections.abc import Iterable, Iterator
from typing import Any

from fuzz import corpus
from fuzz.peers.nginx import Nginx
from fuzz.peers.node import Node
from fuzz.readings import Disagreement, Message, read_answers, read_requests
from fuzz.served import Served
from fuzz.targets import TARGETS
from fuzz.targets.answers import answer_stream
from fuzz.targets.requests import forwarded_streams

_PATIENCE = 10.0  # seconds without a byte from a peer on this machine
_ONCE_FOR_NGINX = tuple(
    name.encode()
    for name in (
        *("if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "if-range", "range", "user-agent"),
        *("authorization", "content-type", "accept-encoding", "referer"),
    )
)
_LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def main() -> int:
    """1 when somebody disagrees."""
    with Node() as node, Nginx(node.port) as nginx:
        findings = [
            *compare_requests(node, nginx, inputs("requests")),
            *compare_answers(node, nginx, inputs("answers")),
        ]
    for finding in findings:
        print(finding)
    return 1 if findings else 0


def inputs(target: str) -> Iterator[bytes]:
    """Everything there is for a target: seeds, other people's, and what was kept."""
    yield from TARGETS[target].seeds
    yield from corpus.outside(target)
    for file in sorted(corpus.kept(target).iterdir()):
        yield file.read_bytes()


def compare_requests(node: Node, nginx: Nginx, data: Iterable[bytes]) -> Iterator[str]:
    """What the two do not find in the streams that backends get, as h11 finds it."""
    streams = {stream for each in data if each for stream in forwarded_streams(each)}
    for stream in sorted(streams):
        read = read_requests(stream)
        if not all(message.is_complete and _is_comparable(message) for message in read.messages):
            continue
        expected = [(*message.start, bytes(message.body)) for message in read.messages]
        for name, port in (("Node.js", node.port), ("nginx", nginx.to_node)):
            try:
                seen = _seen(port, stream, [start[0] for start in expected])
            except (Disagreement, OSError) as error:
                yield f"{name}: {error}: {stream!r}"
            else:
                if seen != expected:
                    yield f"{name} reads {seen} in {stream!r}"


def _is_comparable(message: Message) -> bool:
    """Not a handshake, behind which Node.js reads nothing more; nor what nginx refuses though it is well-formed."""
    return not message.values(b"upgrade") and all(len(message.values(name)) < 2 for name in _ONCE_FOR_NGINX)


def _seen(port: int, stream: bytes, methods: list[bytes]) -> list[tuple[bytes, bytes, bytes]]:
    """What a server says of each request of a stream; behind it comes one that must be the last."""
    with socket.create_connection(("127.0.0.1", port), _PATIENCE) as connection:
        connection.sendall(stream + _LAST)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    answers = read_answers(received, [*methods, b"GET"], is_ended=True)
    if answers.error or answers.rest or not answers.messages:
        raise Disagreement(f"unreadable: {received!r}")
    seen = [_of_field(message.values(b"x-seen")) for message in answers.messages]
    if seen[-1] != (b"GET", b"/last", b""):
        raise Disagreement(f"the last one is {seen[-1]}")
    return seen[:-1]


def _of_field(values: list[bytes]) -> tuple[bytes, bytes, bytes]:
    if len(values) != 1:
        return b"refused", b"", b""
    told: dict[str, str] = json.loads(base64.b64decode(values[0]))
    return told["method"].encode(), told["url"].encode("latin-1"), base64.b64decode(told["body"])


def compare_answers(node: Node, nginx: Nginx, data: Iterable[bytes]) -> Iterator[str]:
    """What the two do not find in the streams that clients get, as h11 finds it."""
    with Served() as served:
        for each in data:
            played = answer_stream(each) if each else None
            if played is None or not played.to_client:
                continue
            served.bytes = played.to_client
            (answer,) = read_answers(played.to_client, [b"GET"], is_ended=True).messages[-1:]
            expected = (answer.status, bytes(answer.body), answer.is_complete)
            for name, seen in (
                ("Node.js", _of_node(node.ask(served.port, "GET"))),
                ("nginx", _through(nginx, served.port)),
            ):
                if seen != expected and (expected[2] or seen[2]):  # of one that is cut, any part may be told
                    yield f"{name} reads {seen} in {played.to_client!r}"


def _of_node(told: dict[str, Any]) -> tuple[int, bytes, bool]:
    if "error" in told:
        return 0, told["error"].encode(), False
    return told["status"], base64.b64decode(told["body"]), told["complete"]


def _through(nginx: Nginx, port: int) -> tuple[int, bytes, bool]:
    with socket.create_connection(("127.0.0.1", nginx.to_any), _PATIENCE) as connection:
        connection.sendall(b"GET /%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % port)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    read = read_answers(received, [b"GET"], is_ended=True)
    answer = read.messages[-1]
    return answer.status, bytes(answer.body), answer.is_complete


if __name__ == "__main__":
    sys.exit(main())
