"""Targets with names: what a worker does with the addresses that it is told."""

from typing import Any

from wire.peer import turns
from wire.samples import GET, OK
from wire.scenario import Wire, scenario

NAMED = {"targets": ["http://api.test:80"]}


def tell(wire: Wire, *addresses: str) -> None:
    """The control process has found these."""
    wire.gateway.plane.hear_of_targets({"healthy": {}, "addresses": {"api.test": list(addresses)}})


def named(wire: Wire, **upstream: Any) -> None:
    """Give the target of the gateway a name."""
    wire.gateway.reconfigure(
        {
            "listeners": [{"name": "web", "bind": "127.0.0.1:0"}],
            "upstreams": {"api": {"targets": [f"http://api.test:{wire.backend.port}"], **upstream}},
            "routes": [{"name": "all", "match": {"path": "/*"}, "upstream": "api", "public": True}],
        }
    )
    wire.gateway.advance(0.25)


@scenario(upstream=NAMED)
async def test_a_name_without_address_is_said_to_be_so(wire: Wire) -> None:
    answer = await (await wire.send(GET)).message()
    assert (answer.status, answer.code) == (502, "upstream-name-unresolved")
    assert b"api.test" not in answer.body


@scenario(upstream={**NAMED, "panic_threshold": "0%"})
async def test_it_is_no_matter_of_panic(wire: Wire) -> None:
    assert (await (await wire.send(GET)).message()).code == "upstream-name-unresolved"


@scenario()
async def test_requests_go_to_the_address_as_soon_as_it_is_known(wire: Wire) -> None:
    named(wire)
    assert (await (await wire.send(GET)).message()).status == 502
    tell(wire, "127.0.0.1")
    _, answer = await wire.exchange(GET, OK)
    assert answer.status == 200


@scenario()
async def test_what_is_known_outlives_a_reload_of_the_upstream(wire: Wire) -> None:
    named(wire)
    tell(wire, "127.0.0.1")
    named(wire, idle_timeout="30s")
    _, answer = await wire.exchange(GET, OK)
    assert answer.status == 200


@scenario()
async def test_idle_connections_to_an_address_that_is_gone_are_closed(wire: Wire) -> None:
    named(wire)
    tell(wire, "127.0.0.1")
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    assert (await client.message()).status == 200
    tell(wire, "127.0.0.1", "127.0.0.9")
    wire.gateway.advance(0.25)
    await turns(20)
    client = await wire.send(GET)
    await backend.message()  # its address is still one of them
    backend.send(OK)
    assert (await client.message()).status == 200
    tell(wire, "127.0.0.9")
    wire.gateway.advance(0.25)
    assert await backend.rest() == b""


@scenario()
async def test_exchanges_with_an_address_that_is_gone_are_finished(wire: Wire) -> None:
    named(wire)
    tell(wire, "127.0.0.1")
    client = await wire.send(GET)
    backend = await wire.backend.accept()
    await backend.message()
    tell(wire, "127.0.0.9")
    wire.gateway.advance(0.25)
    backend.send(OK)
    assert (await client.message()).status == 200
    wire.gateway.advance(0.25)
    assert await backend.rest() == b""
