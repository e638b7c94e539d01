"""A WebSocket was let in once and lives for hours: it ends when what let it in is revoked."""

import time
from typing import Any

from hotgate.edge import open_tunnels
from hotgate.identity.verification_keys.key_sets import key_set_name
from hotgate.store.errors import StoreUnavailable
from hotgate.testing.issuer import Issuer
from wire.peer import Peer
from wire.samples import get
from wire.scenario import Wire, scenario

ISSUER = Issuer()
URL = "https://idp.test/jwks"
SETTINGS: dict[str, Any] = {"identity": {"corp": {"jwt": {"issuer": ISSUER.name, "audience": "api", "jwks_url": URL}}}}
ROUTE: dict[str, Any] = {"public": False, "authenticate": ["corp"]}
SWITCHED = b"HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: def\r\n\r\n"
NO_LONGER_ALLOWED = b"\x88\x02\x03\xf0"  # 1008


class Revoked:
    """The subjects whose tokens are revoked. is_there: whether anybody can tell."""

    version = 1

    def __init__(self, *subjects: str) -> None:
        self.subjects = subjects
        self.is_there = True

    def is_revoked(self, provider: str, jti: str | None, sub: str | None, *_: object) -> bool:
        if not self.is_there:
            raise StoreUnavailable("down")
        return sub in self.subjects


async def tunnel(wire: Wire, subject: str) -> tuple[Peer, Peer]:
    """(client, backend) with a WebSocket of that caller between them."""
    wire.gateway.services["key_sets"].replace(key_set_name("corp", URL), ISSUER.jwks())
    claims = {"iss": ISSUER.name, "aud": "api", "sub": subject, "exp": time.time() + 600}
    credential = "Authorization: Bearer " + ISSUER.token(claims).decode()
    fields = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: abc", credential)
    client = await wire.send(get("/chat", *fields))
    backend = await wire.backend.accept()
    await backend.head()
    backend.send(SWITCHED)
    await client.head()
    return client, backend


@scenario(route=ROUTE, settings=SETTINGS)
async def test_it_ends_and_others_go_on(wire: Wire) -> None:
    ada, at_ada = await tunnel(wire, "ada")
    bob, at_bob = await tunnel(wire, "bob")
    wire.gateway.plane.follow_revocations(Revoked("ada"))
    wire.gateway.advance(0.25)
    assert await ada.exactly(4) == NO_LONGER_ALLOWED
    ada.send(b"\x81\x80mask")
    wire.gateway.advance(2.25)
    assert await ada.rest() == b""
    assert await at_ada.rest() == b""  # nothing that was sent after the revocation
    bob.send(b"\x81\x80mask")
    assert await at_bob.exactly(6) == b"\x81\x80mask"


@scenario(route=ROUTE, settings=SETTINGS)
async def test_half_a_frame_gains_a_moment_and_no_more(wire: Wire) -> None:
    client, backend = await tunnel(wire, "ada")
    backend.send(b"\x81\x05he")
    assert await client.exactly(4) == b"\x81\x05he"
    wire.gateway.plane.follow_revocations(Revoked("ada"))
    wire.gateway.advance(0.25)
    backend.send(b"l")
    assert await client.exactly(1) == b"l"
    wire.gateway.advance(2.25)
    assert await client.is_cut()
    assert await backend.is_gone()


@scenario(route=ROUTE, settings=SETTINGS)
async def test_while_nobody_can_tell_it_goes_on_and_is_looked_at_again(wire: Wire) -> None:
    client, backend = await tunnel(wire, "ada")
    revoked = Revoked("ada")
    revoked.is_there = False
    wire.gateway.plane.follow_revocations(revoked)
    wire.gateway.advance(0.25)
    backend.send(b"\x81\x01x")
    assert await client.exactly(3) == b"\x81\x01x"
    revoked.is_there = True
    wire.gateway.advance(0.25)
    assert await client.exactly(4) == NO_LONGER_ALLOWED


@scenario(route=ROUTE, settings=SETTINGS)
async def test_many_are_looked_at_in_portions(wire: Wire) -> None:
    pairs = [await tunnel(wire, "ada") for _ in range(3)]
    before, open_tunnels.BATCH = open_tunnels.BATCH, 2
    try:
        wire.gateway.plane.follow_revocations(Revoked("ada"))
        wire.gateway.advance(0.25)
        wire.gateway.advance(0.25)
    finally:
        open_tunnels.BATCH = before
    for client, _ in pairs:
        assert await client.exactly(4) == NO_LONGER_ALLOWED
