"""The HMAC scheme for partners on the wire, and every way to pass off one request for another."""

from typing import Any

import pytest

from wire.samples import OK
from wire.scenario import Wire, scenario
from wire.signing_client import NOW, SECRET, message, partner, with_clock

KEYS = {"acme": {"secret": SECRET, "consumer": "Acme Inc", "roles": ["partner"]}, "other": {"secret": SECRET[::-1]}}
ROUTE: dict[str, Any] = {
    "routes": [{"name": "all", "match": {"path": "/*"}, "upstream": "api", "authenticate": ["partners"]}],
    "settings": {"identity": {"partners": {"hmac": {"keys": KEYS, "max_body": "1KiB"}}}},
}


def request(
    authorization: str,
    *more: str,
    method: str = "GET",
    target: str = "/orders?a=b",
    host: str = "api.example",
    body: bytes = b"",
) -> bytes:
    return message(method, target, host, body, [f"Authorization: {authorization}", *more])


async def refused(wire: Wire, sent: bytes) -> str:
    with_clock(wire)
    answer = await (await wire.send(sent)).message()
    assert (answer.status, answer.get(b"www-authenticate")) == (401, b'HMAC-SHA256 realm="partners"')
    assert wire.upstream_metrics["connects"] == 0
    return answer.code


@scenario(**ROUTE)
async def test_a_partner_gets_in_and_its_signature_stays_here(wire: Wire) -> None:
    with_clock(wire)
    received, answer = await wire.exchange(request(partner()), OK)
    assert answer.status == 200
    assert received.get(b"x-auth-subject") == b"Acme Inc"
    assert received.get(b"authorization") is None


@scenario(**ROUTE)
async def test_a_body_is_compared_and_forwarded(wire: Wire) -> None:
    with_clock(wire)
    sent = request(partner(method="POST", body=b"abc"), method="POST", body=b"abc")
    received, answer = await wire.exchange(sent, OK)
    assert (answer.status, received.body) == (200, b"abc")


CHANGES: list[dict[str, Any]] = [
    {"method": "DELETE"},
    {"target": "/orders?a=c"},
    {"target": "/orders"},
    {"target": "/orders?a=b&"},
    {"target": "//orders?a=b"},
    {"target": "/admin?a=b"},
    {"host": "other.example"},
    {"host": "api.example:81"},
]


@pytest.mark.parametrize("change", CHANGES)
@scenario(**ROUTE)
async def test_nothing_of_the_request_can_be_changed(wire: Wire, change: dict[str, Any]) -> None:
    assert await refused(wire, request(partner(), **change)) == "signature-invalid"


@pytest.mark.parametrize("body", [b"", b"abd", b"abc\n"])
@scenario(**ROUTE)
async def test_another_body_does_not_pass(wire: Wire, body: bytes) -> None:
    signed = partner(method="POST", body=b"abc")
    assert await refused(wire, request(signed, method="POST", body=body)) == "digest-mismatch"


@scenario(**ROUTE)
async def test_a_body_beside_a_signature_without_one_does_not_pass(wire: Wire) -> None:
    assert await refused(wire, request(partner(), body=b"abc")) == "digest-mismatch"


@scenario(**ROUTE)
async def test_a_large_body_is_not_held(wire: Wire) -> None:
    with_clock(wire)
    body = b"x" * 1025
    client = await wire.send(request(partner(method="POST", body=body), method="POST", body=body))
    assert (await client.message()).status == 413


@pytest.mark.parametrize(
    ("timestamp", "code"),
    [(NOW - 330, "signature-expired"), (NOW + 31, "signature-not-yet-valid"), (0, "signature-expired")],
)
@scenario(**ROUTE)
async def test_only_recent_ones_count(wire: Wire, timestamp: int, code: str) -> None:
    assert await refused(wire, request(partner(timestamp=timestamp))) == code


@scenario(**ROUTE)
async def test_each_nonce_counts_once_for_each_partner(wire: Wire) -> None:
    with_clock(wire)
    await wire.exchange(request(partner()), OK)
    for again in (partner(), partner(timestamp=NOW + 1), partner(target="/else")):
        target = "/else" if again == partner(target="/else") else "/orders?a=b"
        answer = await (await wire.send(request(again, target=target))).message()
        assert (answer.status, answer.code) == (401, "signature-replayed")


@scenario(**ROUTE)
async def test_one_partner_cannot_use_up_the_nonces_of_another(wire: Wire) -> None:
    with_clock(wire)
    client = await wire.send(request(partner()), request(partner(key="other", secret=SECRET[::-1])))
    backend = await wire.backend.accept()
    for _ in range(2):
        await backend.message()
        backend.send(OK)
        assert (await client.message()).status == 200


@scenario(**ROUTE)
async def test_when_nobody_remembers_nonces_nobody_gets_in(wire: Wire) -> None:
    wire.gateway.services["wall_clock"] = lambda: NOW
    wire.gateway.reconfigure(wire.gateway.configuration)
    assert (await (await wire.send(request(partner()))).message()).status == 503


@pytest.mark.parametrize("key", ["acme", "other", "nobody"])
@scenario(**ROUTE)
async def test_an_unknown_key_and_a_wrong_secret_are_told_the_same(wire: Wire, key: str) -> None:
    assert await refused(wire, request(partner(key=key, secret="x" * 32))) == "signature-invalid"


@scenario(**ROUTE)
async def test_a_key_does_not_sign_for_another(wire: Wire) -> None:
    assert await refused(wire, request(partner().replace('key="acme"', 'key="other"'))) == "signature-invalid"


GOOD = partner()
MALFORMED = [
    "HMAC-SHA256",
    "HMAC-SHA256 ",
    GOOD.replace(", ", ",  "),
    GOOD.replace('key="acme"', "key=acme"),
    GOOD.replace('key="acme"', 'key="ac me"'),
    GOOD.replace('key="acme"', 'key="acme\\n"'),
    GOOD.replace('nonce="nonce-001"', 'nonce="short"'),
    GOOD.replace('nonce="nonce-001"', 'nonce=""'),
    GOOD.replace('nonce="nonce-001"', 'nonce="nonce-001", nonce="nonce-002"'),
    GOOD.replace(f'timestamp="{NOW}"', f'timestamp="+{NOW}"'),
    GOOD.replace(f'timestamp="{NOW}"', f'timestamp=" {NOW}"'),
    GOOD.replace(f'timestamp="{NOW}"', 'timestamp="1e9"'),
    GOOD.replace(f'timestamp="{NOW}"', 'timestamp="1764115200000"'),
    GOOD.replace('body="e3b0', 'body="E3B0'),
    GOOD + ', extra="1"',
    GOOD[:-2],
    GOOD + "x" * 2000,
    ", ".join(reversed(GOOD.removeprefix("HMAC-SHA256 ").split(", "))).join(["HMAC-SHA256 ", ""]),
]


@pytest.mark.parametrize("authorization", MALFORMED)
@scenario(**ROUTE)
async def test_there_is_one_way_to_write_it(wire: Wire, authorization: str) -> None:
    assert await refused(wire, request(authorization)) == "signature-malformed"


@scenario(**ROUTE)
async def test_two_fields_are_refused(wire: Wire) -> None:
    assert await refused(wire, request(GOOD, f"Authorization: {GOOD}")) == "signature-malformed"


@pytest.mark.parametrize("authorization", ["Bearer abc", "Basic YTpi", "hmac-sha512 x"])
@scenario(**ROUTE)
async def test_other_schemes_are_not_for_it(wire: Wire, authorization: str) -> None:
    assert await refused(wire, request(authorization)) == "token-missing"


@pytest.mark.parametrize(
    ("sent", "claimed"),
    [
        ({"target": "/a%0Ab"}, {"target": "/a\nb"}),  # a line feed that only decoding would make
        ({"target": "/a?b"}, {"target": "/a", "host": "api.example\n?b"}),
        ({"host": "api.example"}, {"method": "GET\napi.example", "host": ""}),
        ({}, {"nonce": "nonce-001\nGET"}),
    ],
)
@scenario(**ROUTE)
async def test_no_line_becomes_two(wire: Wire, sent: dict[str, Any], claimed: dict[str, Any]) -> None:
    with_clock(wire)
    authorization = partner(**claimed).replace("\n", "")
    answer = await (await wire.send(request(authorization, **sent))).message()
    assert answer.status in (400, 401)
    assert wire.upstream_metrics["connects"] == 0
