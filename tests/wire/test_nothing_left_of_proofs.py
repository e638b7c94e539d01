"""Proofs of possession leave no reference cycle, whatever comes of them."""

import pytest

from dpop_client import DpopClient
from hotgate.identity.refusal import CredentialRefused
from wire.dpop_desk import ORIGIN, Desk, asking, behind, entry, exchange, token
from wire.leftovers import no_collection, objects, relays
from wire.peer import turns
from wire.scenario import Wire, scenario

pytestmark = pytest.mark.usefixtures(no_collection.__name__)

CLIENT = DpopClient(url=f"{ORIGIN}/")


@scenario(**behind(entry(nonce="required")))
async def test_of_one_that_is_accepted(wire: Wire) -> None:
    desk = Desk(wire)
    await exchange(wire, asking(CLIENT, token(CLIENT), nonce=desk.nonce))
    await turns(20)
    assert relays() == 0


@pytest.mark.parametrize("is_there", [True, False])
@scenario(**behind(entry()))
async def test_of_one_that_is_refused(wire: Wire, is_there: bool) -> None:
    desk = Desk(wire)
    request = asking(CLIENT, token(CLIENT), jti="once")
    if is_there:
        await exchange(wire, request)
    desk.is_there = is_there
    for refused in (request, asking(CLIENT, token(CLIENT), htm="POST"), asking(CLIENT, token(None))):
        client = await wire.send(refused)
        assert (await client.message()).status in (401, 503)
        client.reset()
    await turns(20)
    assert (relays(), objects(CredentialRefused)) == (0, 0)


@scenario(**behind(entry()))
async def test_of_one_whose_client_leaves_before_the_answer(wire: Wire) -> None:
    desk = Desk(wire)
    desk.may_answer.clear()
    client = await wire.send(asking(CLIENT, token(CLIENT)))
    await turns()
    assert desk.asked == ["proofs"]
    client.reset()
    await wire.until_connected(0)
    desk.may_answer.set()
    await turns(20)
    assert (relays(), len(desk.uses._tasks)) == (0, 0)
