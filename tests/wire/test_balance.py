"""Choosing a target by what the request says."""

from wire.played_backends import PlayedBackends
from wire.samples import OK, get
from wire.scenario import Wire, scenario

_STICKY = {"balance": {"sticky": {"cookie": "hg", "secret": "0123456789abcdef"}}}
_HASHED = {"balance": {"consistent_hash": {"by": "header", "name": "x-tenant"}}}


@scenario(backends=3, upstream=_STICKY)
async def test_a_client_stays_with_its_target(wire: Wire) -> None:
    backends = PlayedBackends(wire)
    first, cookie = await backends.ask()
    assert cookie is not None
    value = cookie.decode().partition(";")[0]
    for _ in range(3):
        assert await backends.ask(f"Cookie: {value}") == (first, None)
    others = {(await backends.ask())[0] for _ in range(3)}
    assert len(others) == 3


@scenario(backends=2, upstream=_STICKY)
async def test_a_client_moves_when_its_target_is_gone(wire: Wire) -> None:
    backends = PlayedBackends(wire)
    first, cookie = await backends.ask()
    assert cookie is not None
    upstream = wire.gateway.compiled.upstreams["api"]
    upstream.use([target for index, target in enumerate(upstream.targets) if index != first])
    moved, new_cookie = await backends.ask(f"Cookie: {cookie.decode().partition(';')[0]}")
    assert moved != first
    assert new_cookie is not None
    assert new_cookie != cookie


@scenario(backends=2, upstream=_STICKY)
async def test_the_cookie_names_the_target_that_answered(wire: Wire) -> None:
    wire.backend.refuse_connections()
    client = await wire.send(get("/"))
    other = await wire.backends[1].accept()
    await other.message()
    other.send(OK)
    cookie = (await client.message()).get(b"set-cookie")
    assert cookie is not None
    client.send(get("/", f"Cookie: {cookie.decode().partition(';')[0]}"))
    await other.message()
    other.send(OK)
    assert (await client.message()).get(b"set-cookie") is None


@scenario(upstream=_STICKY, route={"headers": {"response": {"set": {"x-a": "b"}}}})
async def test_a_route_with_response_steps_sets_it_too(wire: Wire) -> None:
    _, cookie = await PlayedBackends(wire).ask()
    assert cookie is not None


@scenario(upstream=_STICKY)
async def test_an_answer_of_the_gateway_itself_sets_none(wire: Wire) -> None:
    wire.backend.refuse_connections()
    client = await wire.send(get("/"))
    answer = await client.message()
    assert (answer.status, answer.get(b"set-cookie")) == (502, None)


@scenario(backends=3, upstream=_HASHED)
async def test_a_tenant_stays_together(wire: Wire) -> None:
    backends = PlayedBackends(wire)
    asked = {tenant: {(await backends.ask(f"X-Tenant: {tenant}"))[0] for _ in range(3)} for tenant in "abcdefgh"}
    assert all(len(targets) == 1 for targets in asked.values())
    assert len(set.union(*asked.values())) > 1
