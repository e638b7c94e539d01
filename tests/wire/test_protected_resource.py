"""Protected-resource metadata through the data plane: who may read it, and which answers point to it."""

import json
import time
from typing import Any

import pytest

from hotgate.http.response import Response
from hotgate.identity.verification_keys.key_sets import key_set_name
from hotgate.pipeline.declare import policy
from hotgate.pipeline.exchange import Exchange
from hotgate.testing.issuer import Issuer
from wire.message import Message
from wire.samples import OK, get
from wire.scenario import Wire, scenario

ISSUER = Issuer()
URL = "https://idp.test/jwks"
POINTER = b'resource_metadata="https://a.example/.well-known/oauth-protected-resource/mcp"'
KEYS = {"api_key": {"keys": [{"id": "a", "sha256": "0" * 64}]}}
IDENTITY: dict[str, Any] = {
    "corp": {"jwt": {"issuer": ISSUER.name, "audience": "api", "jwks_url": URL}},
    "partners": KEYS,
}
SETTINGS: dict[str, Any] = {"identity": IDENTITY}
ROUTE: dict[str, Any] = {
    "public": False,
    "authenticate": ["corp", "partners"],
    "authorize": {"scopes": ["read"]},
    "protected_resource": {"resource": "https://a.example/mcp", "authorization_server_metadata": "proxy"},
}


def token(**changes: Any) -> str:
    claims = {"iss": ISSUER.name, "aud": "api", "sub": "ada", "scope": "read", "exp": time.time() + 86_400, **changes}
    return ISSUER.token(claims).decode()


async def answered(wire: Wire, request: bytes) -> Message:
    wire.gateway.services["key_sets"].replace(key_set_name("corp", URL), ISSUER.jwks())
    client = await wire.send(request)
    return await client.message()


def challenges(answer: Message) -> list[bytes]:
    return [value for name, value in answer.fields if name == b"www-authenticate"]


@scenario(route=ROUTE, settings=SETTINGS)
async def test_who_comes_without_a_token_is_told_where_to_get_one(wire: Wire) -> None:
    answer = await answered(wire, get("/mcp"))
    assert answer.status == 401
    bearer, key = challenges(answer)
    assert bearer == b'Bearer realm="corp", ' + POINTER
    assert b"resource_metadata" not in key


@policy(phase="respond")
def own_words(exchange: Exchange) -> Response:
    assert exchange.response is not None
    return Response(401, exchange.response.headers, b"Log in.")


@scenario(route=ROUTE, settings=SETTINGS, policies=[own_words])
async def test_it_is_told_once_by_an_answer_that_replaces_another(wire: Wire) -> None:
    answer = await answered(wire, get("/mcp"))
    assert answer.body == b"Log in."
    assert challenges(answer)[0] == b'Bearer realm="corp", ' + POINTER


@pytest.mark.parametrize(
    ("credential", "status", "error"),
    [
        (token(exp=1), 401, b'error="invalid_token"'),
        ("garbage", 401, b'error="invalid_token"'),
        (token(scope="write"), 403, b'error="insufficient_scope", scope="read"'),
    ],
)
@scenario(route=ROUTE, settings=SETTINGS)
async def test_so_is_who_needs_a_better_one(wire: Wire, credential: str, status: int, error: bytes) -> None:
    answer = await answered(wire, get("/mcp", f"Authorization: Bearer {credential}"))
    assert answer.status == status
    (challenge,) = challenges(answer)
    assert error in challenge
    assert challenge.endswith(b", " + POINTER)


@scenario(route=ROUTE, settings=SETTINGS)
async def test_a_good_token_passes(wire: Wire) -> None:
    wire.gateway.services["key_sets"].replace(key_set_name("corp", URL), ISSUER.jwks())
    _, answer = await wire.exchange(get("/mcp", f"Authorization: Bearer {token()}"), OK)
    assert (answer.status, challenges(answer)) == (200, [])


@scenario(route=ROUTE, settings=SETTINGS)
async def test_a_challenge_of_the_backend_stays_the_backends(wire: Wire) -> None:
    wire.gateway.services["key_sets"].replace(key_set_name("corp", URL), ISSUER.jwks())
    refused = b'HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Bearer realm="inner"\r\nContent-Length: 0\r\n\r\n'
    _, answer = await wire.exchange(get("/mcp", f"Authorization: Bearer {token()}"), refused)
    assert challenges(answer) == [b'Bearer realm="inner"']


_SHARED = Response.problem(
    401, code="step-up", headers={"www-authenticate": 'Bearer error="insufficient_user_authentication"'}
)


@policy(phase="admit")
def step_up(exchange: Exchange) -> Response:
    return _SHARED


@scenario(route=ROUTE, settings=SETTINGS, policies=[step_up])
async def test_a_challenge_of_a_policy_of_ones_own_points_there_too_and_once(wire: Wire) -> None:
    for _ in range(2):
        (challenge,) = challenges(await answered(wire, get("/mcp")))
        assert challenge == b'Bearer error="insufficient_user_authentication", ' + POINTER


@scenario(route=ROUTE, settings=SETTINGS)
async def test_anybody_may_read_the_metadata_also_a_page_of_another_site(wire: Wire) -> None:
    answer = await answered(wire, get("/.well-known/oauth-protected-resource/mcp", "Origin: https://page.example"))
    assert (answer.status, answer.get(b"access-control-allow-origin")) == (200, b"*")
    assert json.loads(answer.body) == {
        "resource": "https://a.example/mcp",
        "authorization_servers": [ISSUER.name],
        "scopes_supported": ["read"],
        "bearer_methods_supported": ["header"],
    }
    assert wire.last_record["route"] == "resource:all"
    preflight = await answered(wire, get("/.well-known/oauth-protected-resource/mcp").replace(b"GET", b"OPTIONS", 1))
    assert (preflight.status, preflight.get(b"access-control-allow-methods")) == (204, b"GET")


@pytest.mark.parametrize(
    "path", ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp/x"]
)
@scenario(route=ROUTE, settings=SETTINGS)
async def test_what_lies_beside_it_is_as_protected_as_before(wire: Wire, path: str) -> None:
    assert (await answered(wire, get(path))).status == 401


@scenario(route=ROUTE, settings=SETTINGS)
async def test_the_metadata_of_the_authorization_server_may_be_read_here(wire: Wire) -> None:
    async def ask(about: str, body: Any, wait: float) -> Any:
        return {**body, "token_endpoint": "https://idp.test/token"}

    wire.gateway.services["ask"] = ask
    wire.gateway.reconfigure(wire.gateway.configuration)
    answer = await answered(wire, get("/.well-known/oauth-authorization-server"))
    assert (answer.status, answer.get(b"access-control-allow-origin")) == (200, b"*")
    assert json.loads(answer.body) == {"issuer": ISSUER.name, "token_endpoint": "https://idp.test/token"}


@scenario(route={**ROUTE, "protected_resource": None}, settings=SETTINGS)
async def test_other_routes_point_nowhere(wire: Wire) -> None:
    assert b"resource_metadata" not in b"".join(challenges(await answered(wire, get("/mcp"))))


BOTH = {"corp": {"jwt": {**IDENTITY["corp"]["jwt"], "dpop": {"required": False}}}, "partners": KEYS}


@pytest.mark.parametrize("lines", [(), ("Authorization: Bearer garbage",)])
@scenario(route={**ROUTE, "match": {"hosts": ["a.example"], "path": "/mcp"}}, settings={"identity": BOTH})
async def test_of_two_challenges_in_one_field_both_point_there(wire: Wire, lines: tuple[str, ...]) -> None:
    challenge = challenges(await answered(wire, get("/mcp", *lines)))[0]
    proof, bearer = challenge.split(b", Bearer ")
    assert proof.startswith(b"DPoP ")
    assert proof.endswith(POINTER)
    assert bearer.endswith(POINTER)


PAGE: dict[str, Any] = {
    "response": {
        "set": {
            "Access-Control-Allow-Origin": "https://page.example",
            "Access-Control-Expose-Headers": "WWW-Authenticate, Mcp-Session-Id",
        }
    }
}


@scenario(route={**ROUTE, "headers": PAGE}, settings=SETTINGS)
async def test_a_page_in_a_browser_may_read_the_challenge_where_the_operator_says_so(wire: Wire) -> None:
    answer = await answered(wire, get("/mcp", "Origin: https://page.example"))
    assert answer.status == 401
    assert answer.get(b"access-control-allow-origin") == b"https://page.example"
    assert b"WWW-Authenticate" in (answer.get(b"access-control-expose-headers") or b"")
