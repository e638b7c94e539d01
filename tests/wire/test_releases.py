"""Which upstream a request goes to: by shares, by rules, and by what operators have changed since."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any

import pytest

from hotgate.policies.releases.overrides import Override, ReleaseOverrides
from wire.played_backends import PlayedBackends
from wire.samples import CHUNKED_POST, OK, chunk, get, post
from wire.scenario import Wire, scenario

STABLE, CANARY = 0, 1
NEXT: dict[str, dict[str, Any]] = {"next": {}}
FAILED = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
KEYS = [f"the-key-of-caller-{number}" for number in range(24)]
SETTINGS = {
    "identity": {
        "partners": {
            "api_key": {
                "keys": [
                    {"id": f"caller-{number}", "sha256": sha256(key.encode()).hexdigest()}
                    for number, key in enumerate(KEYS)
                ]
            }
        }
    }
}
COOKIE = {"cookie": "side", "secret": "0123456789abcdef"}


def releasing(public: bool = True, **release: Any) -> dict[str, Any]:
    who = {"public": True} if public else {"public": False, "authenticate": ["partners"]}
    return {"release": release, **who}


def override(wire: Wire, **shares: float) -> None:
    """What the control process would say."""
    wire.gateway.services["releases"].by_route["all"] = Override(shares)


def overridable(wire: Wire) -> None:
    wire.gateway.services["releases"] = ReleaseOverrides()
    wire.gateway.plane._services = wire.gateway.services
    wire.gateway.reconfigure(wire.gateway.configuration)


def sides(wire: Wire) -> dict[str, dict[str, Any]]:
    return {each["side"]: each for each in wire.gateway.plane.metrics_snapshot()["sides"]}


async def sides_of_callers(wire: Wire, backends: PlayedBackends) -> list[int]:
    return [(await backends.ask(f"X-Api-Key: {key}"))[0] for key in KEYS]


@pytest.mark.parametrize("share", ["0%", "100%"])
def test_all_or_nothing(share: str) -> None:
    @scenario(others=NEXT, route=releasing(to={"next": share}))
    async def play(wire: Wire) -> None:
        backends = PlayedBackends(wire)
        asked = {(await backends.ask())[0] for _ in range(5)}
        assert asked == {CANARY if share == "100%" else STABLE}

    play()


@scenario(others=NEXT, route=releasing(public=False, to={"next": "40%"}), settings=SETTINGS)
async def test_a_caller_keeps_to_one_side_while_shares_move(wire: Wire) -> None:
    overridable(wire)
    backends = PlayedBackends(wire)
    before = await sides_of_callers(wire, backends)
    assert set(before) == {STABLE, CANARY}
    assert await sides_of_callers(wire, backends) == before
    override(wire, next=0.7)
    after = await sides_of_callers(wire, backends)
    assert sum(after) > sum(before)
    assert all(now == CANARY for was, now in zip(before, after, strict=True) if was == CANARY)
    override(wire, next=1.0)
    assert set(await sides_of_callers(wire, backends)) == {CANARY}


@scenario(others=NEXT, route=releasing(public=False, to={"next": "100%"}), settings=SETTINGS)
async def test_nobody_gets_past_a_policy_by_being_on_a_side(wire: Wire) -> None:
    client = await wire.send(get("/"))
    assert (await client.message()).status == 401
    assert [backend.accepted for backend in wire.backends] == [0, 0]


@scenario(
    others=NEXT,
    route=releasing(to={"next": "0%"}, rules=[{"to": "next", "header": {"X-Canary": "yes"}}]),
)
async def test_a_declared_header_leads_to_a_side_and_nothing_else_does(wire: Wire) -> None:
    backends = PlayedBackends(wire)
    assert (await backends.ask("X-Canary: yes"))[0] == CANARY
    for fields in (
        ("X-Canary: no",),
        ("X-Canary: yes", "X-Canary: yes"),
        ("X-Canary: yes, yes",),
        ("X-Hotgate-Release: next",),
        ("Cookie: release=next; side=next",),
    ):
        assert (await backends.ask(*fields))[0] == STABLE


@scenario(
    others=NEXT,
    route=releasing(
        to={"next": "0%"},
        rules=[
            {"to": "next", "when": 'request.headers["x-tenant"] == "acme"'},
            {"to": "next", "header": {"x-canary": "yes"}},
        ],
    ),
)
async def test_a_condition_that_fails_leads_to_the_own_upstream(wire: Wire) -> None:
    backends = PlayedBackends(wire)
    assert (await backends.ask("X-Tenant: acme"))[0] == CANARY
    assert (await backends.ask("X-Canary: yes"))[0] == STABLE  # without the tenant nobody can say


@scenario(others=NEXT, route=releasing(to={"next": "50%"}, sticky=COOKIE))
async def test_a_cookie_keeps_its_client_on_a_side(wire: Wire) -> None:
    backends = PlayedBackends(wire)
    seen = set()
    for _ in range(12):
        index, cookie = await backends.ask()
        assert cookie is not None
        assert cookie.endswith(b"; Path=/; HttpOnly; SameSite=Lax")
        sent = f"Cookie: a=b; {cookie.decode().partition(';')[0]}"
        assert await backends.ask(sent) == (index, None)
        seen.add(index)
    assert seen == {STABLE, CANARY}


@pytest.mark.parametrize(
    "value",
    [
        "next",
        "",
        "A" * 32,
        urlsafe_b64encode(bytes(24)).decode(),
        urlsafe_b64encode(sha256(b"next").digest()[:24]).decode(),
        "é" * 32,
        "*" * 32,
        "A" * 4000,
    ],
)
@scenario(others=NEXT, route=releasing(to={"next": "50%"}, sticky=COOKIE))
async def test_a_cookie_that_the_gateway_has_not_made_counts_as_none(wire: Wire, value: str) -> None:
    _, cookie = await PlayedBackends(wire).ask(f"Cookie: side={value}")
    assert cookie is not None


@scenario(others=NEXT, route=releasing(to={"next": "0%"}, sticky=COOKIE))
async def test_a_cookie_selects_no_upstream_without_a_share(wire: Wire) -> None:
    overridable(wire)
    backends = PlayedBackends(wire)
    override(wire, next=0.99)
    _, cookie = await backends.ask()
    assert cookie is not None
    override(wire, next=0.0)
    assert (await backends.ask(f"Cookie: {cookie.decode().partition(';')[0]}"))[0] == STABLE


@scenario(
    others={"next": {"health": {"path": "/healthz"}}},
    route=releasing(to={"next": "100%"}),
)
async def test_a_side_that_is_down_gets_nothing(wire: Wire) -> None:
    target = wire.gateway.compiled.upstreams["next"].targets[0].name
    wire.gateway.plane.hear_of_targets({"healthy": {"next": {target: False}}, "addresses": {}})
    backends = PlayedBackends(wire)
    assert (await backends.ask())[0] == STABLE
    assert sides(wire)["all/next"]["fallbacks"] == 1
    wire.gateway.plane.hear_of_targets({"healthy": {"next": {target: True}}, "addresses": {}})
    assert (await backends.ask())[0] == CANARY


@scenario(others=NEXT, route=releasing(to={"next": "100%"}, rules=[{"to": "next", "header": {"x-canary": "yes"}}]))
async def test_a_closed_side_gets_nothing_not_even_by_a_rule(wire: Wire) -> None:
    overridable(wire)
    wire.gateway.services["releases"].hear({"routes": {"all": {"shares": {"next": 1.0}, "closed": ["next"]}}})
    backends = PlayedBackends(wire)
    assert (await backends.ask("X-Canary: yes"))[0] == STABLE


@scenario(others=NEXT, route=releasing(to={"next": "100%"}))
async def test_a_switch_costs_no_request(wire: Wire) -> None:
    """What is under way ends where it began, also a body that is still coming."""
    overridable(wire)
    client = await wire.send(CHUNKED_POST, chunk(b"one"))
    canary = await wire.backends[CANARY].accept()
    await canary.until(b"one\r\n")
    override(wire, next=0.0)
    await wire.exchange(get("/"), OK)  # with the own upstream
    client.send(chunk(b"two"), b"0\r\n\r\n")
    await canary.until(b"0\r\n\r\n")
    canary.send(OK)
    assert (await client.message()).status == 200


@scenario(others=NEXT, route=releasing(to={"next": "0%"}, rules=[{"to": "next", "header": {"x-canary": "yes"}}]))
async def test_sides_are_counted_apart(wire: Wire) -> None:
    backends = PlayedBackends(wire)
    for _ in range(3):
        await backends.exchange(get("/"))
    await backends.exchange(get("/", "X-Canary: yes"), FAILED)
    wire.backends[CANARY].stop()
    client = await wire.send(get("/", "X-Canary: yes"))
    assert (await client.message()).status == 502
    counted = sides(wire)
    assert (sum(counted["all/api"]["buckets"]), counted["all/api"]["errors"]) == (3, 0)
    assert (sum(counted["all/next"]["buckets"]), counted["all/next"]["errors"]) == (2, 2)
    assert wire.last_record["upstream"] == "next"


_KEYS = [{"credentials": {"api_key": {"header": "X-Key", "value": f"key-of-the-{name}"}}} for name in ("old", "new")]


@scenario(
    upstream=_KEYS[0],
    others={"next": _KEYS[1]},
    route=releasing(to={"next": "0%"}, rules=[{"to": "next", "header": {"x-canary": "yes"}}]),
)
async def test_each_upstream_is_shown_its_own_credentials(wire: Wire) -> None:
    backends = PlayedBackends(wire)
    _, got, _ = await backends.exchange(get("/"))
    assert got.get_all(b"x-key") == [b"key-of-the-old"]
    _, got, _ = await backends.exchange(get("/", "X-Canary: yes"))
    assert got.get_all(b"x-key") == [b"key-of-the-new"]


@scenario(others=NEXT, route=releasing(to={"next": "50%"}))
async def test_a_body_reaches_the_side_that_was_chosen(wire: Wire) -> None:
    backends = PlayedBackends(wire)
    for _ in range(3):
        _, got, answer = await backends.exchange(post(b"x" * 1000))
        assert (got.body, answer.status) == (b"x" * 1000, 200)
