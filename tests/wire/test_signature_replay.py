"""A message signature counts once, and while nobody remembers which have, none does."""

from typing import Any

import pytest

from wire.samples import OK
from wire.scenario import Wire, scenario
from wire.signing_client import HOSTS, KEYS, NOW, PUBLIC, Signed, signed_route, with_clock


@scenario(**signed_route())
async def test_a_signature_counts_once(wire: Wire) -> None:
    with_clock(wire)
    await wire.exchange(Signed().request(), OK)
    answer = await (await wire.send(Signed().request())).message()
    assert (answer.status, answer.code) == (401, "signature-replayed")
    later = Signed(parameters=f';created={NOW + 1};keyid="k1";nonce="n1"')
    answer = await (await wire.send(later.request())).message()
    assert answer.code == "signature-replayed"  # it is the nonce that is used up


TWO_ENTRIES: dict[str, Any] = {
    "routes": [
        {**route, "upstream": "api", "match": {"path": "/*", "hosts": HOSTS, **match}}
        for route, match in (
            ({"name": "beta", "authenticate": ["others"]}, {"headers": {"x-beta": "yes"}}),
            ({"name": "all", "authenticate": ["partners"]}, {}),
        )
    ],
    "settings": {
        "identity": {
            "partners": {"signature": {"keys": KEYS}},
            "others": {"signature": {"keys": {"k1": {"public_key": PUBLIC}}}},
        }
    },
}


@scenario(**TWO_ENTRIES)
async def test_it_counts_once_for_all_entries_that_know_the_key(wire: Wire) -> None:
    """What decides about the route may be unsigned."""
    with_clock(wire)
    await wire.exchange(Signed().request(), OK)
    answer = await (await wire.send(Signed(lines=["X-Beta: yes"]).request())).message()
    assert (answer.status, answer.code) == (401, "signature-replayed")


@scenario(**signed_route())
async def test_a_bad_signature_uses_no_nonce_up(wire: Wire) -> None:
    with_clock(wire)
    signed = Signed()
    await (await wire.send(signed.request(signed.fields(b"x" * 64)))).message()
    _, answer = await wire.exchange(signed.request(), OK)
    assert answer.status == 200


@scenario(**signed_route(nonce="optional"))
async def test_an_optional_nonce_counts_where_it_is(wire: Wire) -> None:
    with_clock(wire)
    plain = Signed(parameters=f';created={NOW};keyid="k1"').request()
    client = await wire.send(plain, plain, Signed().request(), Signed().request())
    backend = await wire.backend.accept()
    for _ in range(3):
        await backend.message()
        backend.send(OK)
        assert (await client.message()).status == 200
    assert (await client.message()).code == "signature-replayed"


@scenario(**signed_route())
async def test_when_nobody_remembers_nonces_nobody_gets_in(wire: Wire) -> None:
    wire.gateway.services["wall_clock"] = lambda: NOW
    wire.gateway.reconfigure(wire.gateway.configuration)
    answer = await (await wire.send(Signed().request())).message()
    assert (answer.status, answer.get(b"retry-after")) == (503, b"5")


@pytest.mark.parametrize("later", [0.0, 0.9, 1.0])
@scenario(**signed_route())
async def test_what_was_signed_before_anybody_remembered_is_too_old(wire: Wire, later: float) -> None:
    """`created` has no fractions: within one second nobody can tell what came first."""
    with_clock(wire, since=NOW + later)
    answer = await (await wire.send(Signed().request())).message()
    assert (answer.status, answer.code) == (401, "signature-expired")


@scenario(**signed_route())
async def test_many_at_once_are_one_question_and_one_of_them_is_let_in(wire: Wire) -> None:
    with_clock(wire)
    clients = [await wire.send(Signed().request()) for _ in range(5)]
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    assert sorted([(await client.message()).status for client in clients]) == [200, 401, 401, 401, 401]
