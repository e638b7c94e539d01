from collections.abc import Mapping
from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.http.headers import Headers, encode_fields
from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import CompileContext
from hotgate.policies.header_template import MAX_VALUE_BYTES
from hotgate.policies.headers import POLICY, HeadersSettings
from hotgate.testing import make_exchange, make_principal, run


def edited(
    settings: dict[str, Any],
    headers: Mapping[str, str] | None = None,
    *,
    principal: Principal | None = None,
    response: Response | None = None,
    params: Mapping[str, str] | None = None,
) -> Exchange:
    exchange = make_exchange(
        headers=headers, principal=principal, response=response, params=params, client="2001:db8::7", route="orders"
    )
    steps = POLICY.compile(HeadersSettings.model_validate(settings), CompileContext("orders"))
    assert run(steps, exchange) is None
    return exchange


def sent(value: str, **claims: Any) -> bytes | None:
    """What the backend gets as X-User for a template and claims, when the client tries to forge it."""
    exchange = edited(
        {"request": {"set": {"X-User": value}}},
        {"x-user": "forged"},
        principal=make_principal("alice", scopes=["b", "a"], claims=claims),
        params={"id": "7"},
    )
    return exchange.request.headers.get(b"x-user")


def test_facts_about_the_caller_have_placeholders() -> None:
    ada = Principal(
        "ada",
        provider="corp",
        mechanism="api_key",
        groups=frozenset({"b,c", "a"}),
        tenant="acme\r\nx-evil: 1",
        client="web",
        tier="gold",
        credential="key-7",
    )
    names = ("mechanism", "credential", "client", "tenant", "tier", "groups", "roles")
    wanted = {f"X-{name}": f"{{principal.{name}}}" for name in names}
    exchange = edited({"request": {"set": wanted}}, {"x-tier": "platinum"}, principal=ada)
    assert dict(exchange.request.headers.fields) == {
        b"x-mechanism": b"api_key",
        b"x-credential": b"key-7",
        b"x-client": b"web",
        b"x-tenant": b"acme%0D%0Ax-evil:%201",
        b"x-tier": b"gold",
        b"x-groups": b"a,b%2Cc",
        b"x-roles": b"",
    }


def test_a_fact_that_a_caller_does_not_have_leaves_no_forged_one() -> None:
    exchange = edited(
        {"request": {"set": {"X-Tenant": "{principal.tenant}"}}}, {"x-tenant": "evil"}, principal=make_principal()
    )
    assert b"x-tenant" not in exchange.request.headers


@pytest.mark.parametrize("name", ["X-Hotgate-Assertion", "x_hotgate_assertion", "X-Auth-Tenant"])
def test_what_the_gateway_itself_says_of_a_caller_cannot_be_changed(name: str) -> None:
    with pytest.raises(ValidationError, match="written by the gateway"):
        HeadersSettings.model_validate({"request": {"set": {name: "x"}}})


def test_set_add_and_remove_of_the_request() -> None:
    exchange = edited(
        {"request": {"set": {"X-Tier": "gold"}, "add": {"X-Tag": "b"}, "remove": ["X-Debug"]}},
        {"x-tier": "platinum", "x-tag": "a", "x-debug": "1", "accept": "*/*"},
    )
    assert exchange.request.headers.fields == [
        (b"x-tag", b"a"),
        (b"accept", b"*/*"),
        (b"x-tier", b"gold"),
        (b"x-tag", b"b"),
    ]


def test_edits_of_the_response() -> None:
    response = Response(200, Headers([(b"server", b"old/1.0"), (b"x-frame-options", b"ALLOW"), (b"etag", b"1")]))
    edited(
        {"response": {"set": {"X-Frame-Options": "DENY", "X-Route": "{route}"}, "remove": ["Server"]}},
        response=response,
    )
    assert response.headers.fields == [(b"etag", b"1"), (b"x-frame-options", b"DENY"), (b"x-route", b"orders")]


def test_only_phases_with_edits_have_a_step() -> None:
    def phases(settings: dict[str, Any]) -> list[Phase]:
        steps = POLICY.compile(HeadersSettings.model_validate(settings), CompileContext("orders"))
        return [step.phase for step in steps]

    assert phases({}) == []
    assert phases({"request": {"remove": ["a"]}}) == [Phase.SHAPE]
    assert phases({"response": {"remove": ["a"]}, "request": {"set": {"b": "c"}}}) == [Phase.SHAPE, Phase.RESPOND]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{claims.email}", b"a@example.com"),
        ("{claims.address.country}", b"NO"),
        ("{claims.https://example.com/team}", b"blue"),
        ("{claims.level}/{claims.admin}", b"3/true"),
        ("{claims.groups}", b"x,y"),
        ("{principal.subject} of {principal.provider}", b"alice of test"),
        ("{principal.scopes}", b"a,b"),
        ("{client}", b"2001:db8::7"),
        ("{request_id}", b"test-request"),
        ("{params.id}", b"7"),
        ("{route}", b"orders"),
        ('{{"id": "{params.id}"}}', b'{"id": "7"}'),
        ("{{claims.email}}", b"{claims.email}"),
        ("", b""),
        ("smörgås", "smörgås".encode()),
    ],
)
def test_templates(template: str, expected: bytes) -> None:
    claims = {
        "email": "a@example.com",
        "address": {"country": "NO"},
        "https://example.com/team": "blue",
        "level": 3,
        "admin": True,
        "groups": ["x", "y"],
    }
    assert sent(template, **claims) == expected


@pytest.mark.parametrize("template", ["{claims.email}", "id={claims.email}", "{claims.email.x}", "{params.other}"])
def test_a_missing_fact_removes_the_clients_copy_and_sends_none(template: str) -> None:
    assert sent(template, sub="alice") is None


@pytest.mark.parametrize("claim", [None, {"a": 1}, [["nested"]], [None]])
def test_a_claim_that_is_no_text_counts_as_missing(claim: object) -> None:
    assert sent("{claims.email}", email=claim) is None


def test_without_a_principal_nothing_is_known() -> None:
    settings = {"request": {"set": {"X-User": "{principal.subject}", "X-Mail": "{claims.email}"}}}
    assert edited(settings, {"x-user": "forged", "x-mail": "forged"}).request.headers.fields == []


@pytest.mark.parametrize("alias", ["X_User", "x_user", "X.User", "X-USER", "x!user", "X~User"])
def test_a_copy_in_another_spelling_is_removed_too(alias: str) -> None:
    exchange = edited({"request": {"set": {"X-User": "{claims.email}"}}}, {alias.lower(): "forged", "x-users": "kept"})
    assert exchange.request.headers.fields == [(b"x-users", b"kept")]


def test_repeated_copies_are_all_removed() -> None:
    exchange = make_exchange()
    exchange.request.headers = Headers([(b"x-user", b"1"), (b"x_user", b"2"), (b"x-user", b"3")])
    steps = POLICY.compile(
        HeadersSettings.model_validate({"request": {"remove": ["X-User"]}}), CompileContext("orders")
    )
    run(steps, exchange)
    assert exchange.request.headers.fields == []


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("a\r\nX-Admin: 1", b"a%0D%0AX-Admin:%201"),
        ("nul\x00", b"nul%00"),
        ("tab\t", b"tab%09"),
        ("50%", b"50%25"),
        ("Zoë", b"Zo%C3%AB"),
        ("admin ", b"admin%20"),
        (" admin", b"%20admin"),
        ("\u2028", b"%E2%80%A8"),
        ("\ud800", b"%ED%A0%80"),
        ("two words", b"two words"),
        (["a,b", "c"], b"a%2Cb,c"),
        (["a\n", "c"], b"a%0A,c"),
    ],
)
def test_no_fact_can_inject_a_field_or_change_on_its_way(claim: object, expected: bytes) -> None:
    value = sent("{claims.email}", email=claim)
    assert value == expected
    assert encode_fields([(b"x-user", value)]).count(b"\n") == 1


def test_an_oversized_value_is_dropped_rather_than_cut() -> None:
    assert sent("{claims.email}", email="a" * MAX_VALUE_BYTES) == b"a" * MAX_VALUE_BYTES
    assert sent("{claims.email}", email="a" * (MAX_VALUE_BYTES + 1)) is None
    assert sent("x{claims.email}", email="a" * MAX_VALUE_BYTES) is None
    assert sent("{claims.email}", email="\n" * (MAX_VALUE_BYTES // 2)) is None


def test_a_flood_of_names_neither_passes_nor_fills_the_memory() -> None:
    settings = HeadersSettings.model_validate({"request": {"set": {"X-User": "gateway"}}})
    steps = POLICY.compile(settings, CompileContext("orders"))
    for number in range(5000):
        exchange = make_exchange(headers={f"x-{number}": "1", "x_user": "forged"})
        run(steps, exchange)
        assert exchange.request.headers.get_all(b"x-user") == [b"gateway"]
        assert b"x_user" not in exchange.request.headers


@pytest.mark.parametrize(
    "name",
    ["Host", "Content-Length", "Transfer-Encoding", "Connection", "TE", "Upgrade", "Trailer", "Keep-Alive", "Expect"],
)
@pytest.mark.parametrize("message", ["request", "response"])
@pytest.mark.parametrize("spelling", [str.lower, str.upper, lambda name: name.replace("-", "_")])
def test_framing_cannot_be_edited(name: str, message: str, spelling: Any) -> None:
    edits: tuple[dict[str, Any], ...] = (
        {"set": {spelling(name): "x"}},
        {"add": {spelling(name): "x"}},
        {"remove": [spelling(name)]},
    )
    for edit in edits:
        with pytest.raises(ValidationError, match="belongs to the connection"):
            HeadersSettings.model_validate({message: edit})


@pytest.mark.parametrize("name", ["X-Auth-Subject", "x_auth_subject", "X-Forwarded-For", "Forwarded", "X-Request-Id"])
def test_the_gateways_own_fields_cannot_be_edited(name: str) -> None:
    with pytest.raises(ValidationError, match="written by the gateway itself"):
        HeadersSettings.model_validate({"request": {"set": {name: "x"}}})


@pytest.mark.parametrize(
    ("edits", "message"),
    [
        ({"set": {"X": "{claim.email}"}}, "X: an unknown placeholder at character 1"),
        ({"set": {"X": "a {principal.claims}"}}, "X: an unknown placeholder at character 3"),
        ({"set": {"X": "{principal.tear}"}}, "NAME being client, credential, .*, tier; write {{ for a brace"),
        ({"set": {"X": "{claims}"}}, "unknown placeholder"),
        ({"set": {"X": "{}"}}, "unknown placeholder"),
        ({"set": {"X": "{__class__}"}}, "unknown placeholder"),
        ({"set": {"X": "{client.__class__}"}}, "unknown placeholder"),
        ({"set": {"X": "{principal.__class__}"}}, "unknown placeholder"),
        ({"add": {"X": "a { b"}}, "a single brace at character 3"),
        ({"set": {"X": "a }"}}, "a single brace"),
        ({"set": {"X": "a\r\nb: c"}}, "no line ends"),
        ({"set": {"X": "a" * 5000}}, "at most 4096 bytes"),
        ({"set": {"X": "1"}, "remove": ["x"]}, "named twice"),
        ({"set": {"X-A": "1", "X_A": "2"}}, "named twice"),
        ({"set": {"bad name": "1"}}, "header name"),
        ({"sett": {}}, "Extra inputs"),
    ],
)
def test_mistakes_are_configuration_errors(edits: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        HeadersSettings.model_validate({"request": edits})


def test_errors_do_not_repeat_the_text_which_may_hold_a_secret() -> None:
    with pytest.raises(ValidationError) as caught:
        HeadersSettings.model_validate({"request": {"set": {"X-Key": "s3cr3t{more-s3cr3t}"}}})
    assert "s3cr3t" not in str(caught.value)
