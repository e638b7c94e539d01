"""Node.js and nginx read what Hotgate sends on as it was meant: for the seeds, and for inputs made from them."""

import os
import random
import shutil
from collections.abc import Iterator

import pytest
from fuzz.differential import compare_answers, compare_requests
from fuzz.peers.nginx import Nginx
from fuzz.peers.node import Node
from fuzz.readings import Reading, read_requests
from fuzz.targets import TARGETS

_IS_HERE = shutil.which("node") is not None and shutil.which("nginx") is not None

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(not _IS_HERE and "CI" not in os.environ, reason="no Node.js or no nginx here"),
]


@pytest.fixture(scope="module")
def peers() -> Iterator[tuple[Node, Nginx]]:
    with Node() as node, Nginx(node.port) as nginx:
        yield node, nginx


def _inputs(target: str, count: int) -> list[bytes]:
    dice = random.Random(2)
    return [*TARGETS[target].seeds, *[TARGETS[target].mutator.any(dice) for _ in range(count)]]


def test_requests(peers: tuple[Node, Nginx]) -> None:
    assert list(compare_requests(*peers, _inputs("requests", 600))) == []


def test_answers(peers: tuple[Node, Nginx]) -> None:
    assert list(compare_answers(*peers, _inputs("answers", 300))) == []


def test_a_smuggled_request_would_be_seen(peers: tuple[Node, Nginx], monkeypatch: pytest.MonkeyPatch) -> None:
    """The comparison itself can fail: a stream in which h11 is told of one request too few."""
    hidden = b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\nGET /hidden HTTP/1.1\r\nhost: a\r\n\r\n"
    monkeypatch.setattr("fuzz.differential.forwarded_streams", lambda data: (hidden,))
    monkeypatch.setattr("fuzz.differential.read_requests", lambda data: Reading(read_requests(data).messages[:1]))
    assert len(list(compare_requests(*peers, [b"x"]))) == 2
