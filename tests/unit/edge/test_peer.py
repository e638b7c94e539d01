import asyncio
from typing import Any

import pytest

from hotgate.edge.peer import peer_of


class Transport(asyncio.Transport):
    def __init__(self, peer: Any) -> None:
        super().__init__({"peername": peer})


@pytest.mark.parametrize(
    ("peer", "text"),
    [
        (("192.0.2.1", 1), "192.0.2.1"),
        (("2001:db8::1", 1, 0, 0), "2001:db8::1"),
        (("::ffff:192.0.2.1", 1, 0, 0), "192.0.2.1"),  # a dual-stack socket of systemd
        ("", "unix"),
        ("\0abstract", "unix"),
        (None, ""),  # it left before we looked: not to be taken for a client of a Unix socket
    ],
)
def test_peers_as_text(peer: Any, text: str) -> None:
    assert peer_of(Transport(peer)) == text
