"""An entry whose tokens are introspected: what it asks, what it makes of the answer, and what it remembers."""

import asyncio
import json
from collections.abc import Awaitable
from typing import Any

import pytest

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.principal import Principal
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Route
from hotgate.policies.dpop.key_binding import KeyBinding
from hotgate.policies.introspection.authenticator import IntrospectionAuthenticator
from hotgate.policies.introspection.questions import AT_ONCE
from hotgate.policies.introspection.settings import IntrospectionSettings
from hotgate.policies.tokens.certificate_binding import CertificateBinding

NOW = 1_800_000_000.0
SETTINGS: dict[str, Any] = {
    "issuer": "https://idp.test",
    "audience": "api",
    "client": {"id": "gateway", "secret": "s"},
}
CLAIMS: dict[str, Any] = {
    "active": True,
    "iss": "https://idp.test",
    "aud": "api",
    "sub": "ada",
    "client_id": "app",
    "scope": "read write",
    "exp": NOW + 600,
}


class Revocations:
    """What a test has revoked, by subject."""

    def __init__(self) -> None:
        self.version = 0
        self.subjects: set[str] = set()

    def is_revoked(self, provider: str, jti: str | None, sub: str | None, *_: object) -> bool:
        return sub in self.subjects


class Door:
    """An entry, and a control process that answers as the test says. asked: the questions so far."""

    def __init__(self, **settings: Any) -> None:
        self.now = NOW
        self.claims: dict[str, Any] = dict(CLAIMS)
        self.answer: dict[str, Any] = {"active": True, "jwt": "", "keep": 60.0}
        self.asked: list[dict[str, Any]] = []
        self.gate: asyncio.Event | None = None
        self.failure: Exception | None = None
        self.revocations = Revocations()
        model = IntrospectionSettings.model_validate({**SETTINGS, **settings})
        services = {"ask": self._ask, "wall_clock": lambda: self.now, "credentials": self.revocations}
        self.entry = IntrospectionAuthenticator("opaque", model, services)

    async def _ask(self, about: str, body: Any, wait: float) -> Any:
        assert about == "introspection"
        self.asked.append(body)
        if self.gate is not None:
            await self.gate.wait()
        if self.failure is not None:
            raise self.failure
        return {"claims": json.dumps(self.claims), **self.answer}

    def begin(self, authorization: bytes, client: str = "192.0.2.1") -> Any:
        request = Request("GET", "/", Headers([(b"authorization", authorization)]))
        return self.entry.authenticate(Exchange(request, Route("r"), {}, client, "1", 0.0))

    async def found(self, token: str = "t0ken", client: str = "192.0.2.1") -> Any:
        found = self.begin(f"Bearer {token}".encode(), client)
        return await found if isinstance(found, Awaitable) else found

    def principal(self, token: str = "t0ken") -> Principal:
        found = asyncio.run(self.found(token))
        assert isinstance(found, Principal), found.code
        return found

    def code(self, token: str = "t0ken") -> str:
        found = asyncio.run(self.found(token))
        assert isinstance(found, Response)
        return found.code


def test_an_active_token_speaks_for_whom_its_issuer_names() -> None:
    door = Door()
    principal = door.principal()
    assert (principal.subject, principal.provider, principal.mechanism) == ("ada", "opaque", "introspection")
    assert (principal.client, principal.scopes) == ("app", frozenset({"read", "write"}))
    assert door.asked[0]["token"] == "t0ken"


def test_a_known_token_is_not_asked_about_again() -> None:
    door = Door()
    assert door.principal() is door.principal()
    assert len(door.asked) == 1
    door.now += 60
    door.principal()
    assert len(door.asked) == 2


def test_an_answer_is_believed_no_longer_than_the_token_lives() -> None:
    door = Door()
    door.claims["exp"] = NOW + 10
    door.principal()
    door.now += 10
    door.answer = {"active": False, "claims": "", "jwt": "", "keep": 5.0}
    assert door.code() == "token-inactive"


def test_an_answer_is_believed_no_longer_than_the_control_process_says() -> None:
    """Which may have known it for almost as long as it may be known at all."""
    door = Door()
    door.answer["keep"] = 1.0
    door.principal()
    door.now += 1
    door.principal()
    assert len(door.asked) == 2


def test_many_requests_with_one_token_share_one_question() -> None:
    async def play() -> None:
        door = Door()
        door.gate = asyncio.Event()
        waiting = [asyncio.ensure_future(door.found()) for _ in range(50)]
        await asyncio.sleep(0)
        waiting[0].cancel()  # a client that goes away ends it for nobody else
        await asyncio.sleep(0)
        door.gate.set()
        principals = await asyncio.gather(*waiting[1:])
        assert len(door.asked) == 1
        assert len(set(principals)) == 1

    asyncio.run(play())


def test_an_inactive_token_is_refused_without_asking_again_for_a_while() -> None:
    door = Door()
    door.answer = {"active": False, "jwt": "", "keep": 5.0}
    assert [door.code(), door.code()] == ["token-inactive", "token-inactive"]
    assert len(door.asked) == 1
    door.now += 5
    door.answer = {"active": True, "jwt": "", "keep": 60.0}
    assert door.principal().subject == "ada"


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"aud": "other"}, "token-audience-mismatch"),
        ({"aud": None}, "token-audience-mismatch"),
        ({"aud": {"api": 1}}, "token-malformed"),
        ({"iss": "https://evil.test"}, "token-issuer-unknown"),
        ({"iss": ["https://idp.test"]}, "token-malformed"),
        ({"exp": NOW - 31}, "token-expired"),
        ({"exp": str(NOW + 60)}, "token-malformed"),
        ({"nbf": NOW + 31}, "token-not-yet-valid"),
        ({"iat": NOW + 31}, "token-not-yet-valid"),
        ({"sub": None}, "token-malformed"),
        ({"sub": 7}, "token-malformed"),
        ({"token_type": "refresh_token"}, "token-malformed"),
        ({"scope": 7}, "token-malformed"),
        ({"cnf": {"jwk": {}}}, "token-binding-mismatch"),
    ],
)
def test_an_active_token_must_say_the_right_things(claims: dict[str, Any], code: str) -> None:
    door = Door()
    door.claims.update(claims)
    assert [door.code(), door.code()] == [code, code]
    assert len(door.asked) == 1


def test_what_the_answer_leaves_out_is_not_held_against_it() -> None:
    door = Door()
    for name in ("iss", "exp", "scope", "client_id"):
        del door.claims[name]
    assert door.principal().subject == "ada"


def test_an_entry_may_take_tokens_for_any_audience() -> None:
    door = Door(audience="any")
    del door.claims["aud"]
    assert door.principal().subject == "ada"


def test_only_tokens_of_some_clients() -> None:
    door = Door(clients=["other"])
    assert door.code() == "token-client-unknown"


@pytest.mark.parametrize("token_type", ["Bearer", "bearer"])
def test_types_of_access_tokens(token_type: str) -> None:
    door = Door()
    door.claims["token_type"] = token_type
    assert door.principal().subject == "ada"


@pytest.mark.parametrize(
    "token",
    [
        "t&client_id=evil",
        "t%26client_id%3Devil",
        "t\x00",
        "t\r\nX: y",
        "t;x",
        't"',
        "t\x80",
        "=",
        "a=b",
        "t" * 8193,
    ],
)
def test_what_no_server_gives_out_is_not_asked_about(token: str) -> None:
    door = Door()
    found = door.begin(b"Bearer " + token.encode("latin-1"))
    assert isinstance(found, Response)
    assert (found.status, found.code) == (401, "token-malformed")
    assert door.asked == []


def test_another_scheme_is_somebody_elses() -> None:
    assert Door().begin(b"Basic YTpi") is None


def test_nobody_to_ask_is_no_refusal_and_is_not_remembered() -> None:
    door = Door()
    door.failure = RuntimeError("the control process is gone")
    found = asyncio.run(door.found())
    assert (found.status, found.code) == (503, "introspection-unavailable")
    assert dict(found.headers.fields)[b"retry-after"] == b"5"
    door.failure = None
    assert door.principal().subject == "ada"


def test_known_tokens_go_on_while_nobody_can_be_asked() -> None:
    door = Door()
    door.principal()
    door.failure = RuntimeError("gone")
    assert door.principal().subject == "ada"
    assert door.code("another") == "introspection-unavailable"


def test_the_control_process_says_when_to_come_again() -> None:
    door = Door()
    door.answer = {"active": None, "reason": "its issuer is down", "retry_after": 1.2}
    found = asyncio.run(door.found())
    assert dict(found.headers.fields)[b"retry-after"] == b"2"
    assert "down" not in str(found.body)


def test_a_revocation_ends_a_known_token_at_once() -> None:
    door = Door()
    door.principal()
    door.revocations.subjects.add("ada")
    door.revocations.version += 1
    assert door.code() == "token-revoked"


def test_a_token_is_known_by_one_entry_alone() -> None:
    one, other = Door(), Door()
    one.principal()
    other.answer = {"active": False, "jwt": "", "keep": 5.0}
    assert other.code() == "token-inactive"
    assert one.principal().subject == "ada"


def test_entries_for_different_servers_clients_or_answers_never_share_answers() -> None:
    base = IntrospectionSettings.model_validate(SETTINGS)
    changes: list[dict[str, Any]] = [
        {"issuer": "https://other.test"},
        {"endpoint": "https://idp.test/introspect"},
        {"client": {"id": "other", "secret": "s"}},
        {"answer": "signed"},
    ]
    sources = {IntrospectionSettings.model_validate({**SETTINGS, **each}).source("opaque") for each in changes}
    assert len({base.source("opaque"), base.source("other"), *sources}) == 6


def test_a_flood_of_unknown_tokens_from_one_address_delays_nobody_else() -> None:
    async def play() -> None:
        door = Door()
        door.gate = asyncio.Event()
        flood = [asyncio.ensure_future(door.found(f"random{number}", "203.0.113.9")) for number in range(2000)]
        for _ in range(5):
            await asyncio.sleep(0)
        honest = asyncio.ensure_future(door.found("honest", "192.0.2.7"))
        await asyncio.sleep(0)
        assert len(door.asked) == AT_ONCE
        door.gate.set()
        assert isinstance(await honest, Principal)
        position = [each["token"] for each in door.asked].index("honest")
        assert position <= AT_ONCE + 1
        refused = [each for each in await asyncio.gather(*flood) if isinstance(each, Response)]
        assert {each.code for each in refused} == {"introspection-unavailable"}
        assert len(refused) > 1000

    asyncio.run(play())


def test_remembered_tokens_are_bounded() -> None:
    door = Door(cache={"entries": 10})
    for number in range(30):
        door.principal(f"token{number}")
    assert len(door.entry._cache) == 10


def test_the_signed_answer_is_kept_for_the_backend() -> None:
    door = Door(answer="signed", forward="answer")
    door.answer["jwt"] = "aaa.bbb.ccc"
    assert door.principal().forwarded == (b"authorization", b"Bearer aaa.bbb.ccc")


def test_an_answer_that_no_field_holds_is_not_forwarded_and_nobody_gets_in() -> None:
    door = Door(answer="signed", forward="answer")
    door.answer["jwt"] = "a" * 8000
    assert door.code() == "introspection-unavailable"


def test_a_token_bound_to_a_certificate_is_known_as_such() -> None:
    door = Door()
    door.claims["cnf"] = {"x5t#S256": "A" * 43}
    (binding,) = door.principal().confirmations
    assert isinstance(binding, CertificateBinding)
    assert Door(certificate_bound="required").code() == "token-binding-mismatch"


DPOP = {"dpop": {"origins": ["https://api.test"]}}


def test_a_token_bound_to_a_key_must_come_with_its_proof() -> None:
    door = Door(**DPOP)
    door.claims |= {"cnf": {"jkt": "A" * 43}, "token_type": "DPoP"}

    async def both() -> tuple[Any, Any, Any]:
        without, again = await door.found(), await door.found()
        return without, again, await door.begin(b"DPoP t0ken")

    without, again, bound = asyncio.run(both())
    assert (without.code, again.code) == ("token-binding-mismatch", "token-binding-mismatch")
    assert len(door.asked) == 2, "who leaves the proof away is remembered, and locks nobody out"
    (demand,) = bound.confirmations
    assert isinstance(demand, KeyBinding)
    assert door.entry.challenge.startswith('DPoP realm="opaque"')


@pytest.mark.parametrize("confirmation", [None, "x", {}, {"x5t#S256": "A" * 43}])
def test_a_token_of_the_type_that_wants_proofs_is_no_bearer_token(confirmation: Any) -> None:
    """Its server does not say of which key the proofs must be: whoever has stolen it could send it."""
    door = Door()
    door.claims |= {"token_type": "DPoP"} | ({} if confirmation is None else {"cnf": confirmation})
    assert door.code() == "token-malformed"


def test_a_token_bound_to_nothing_is_refused_where_proofs_are_required() -> None:
    assert Door(**DPOP).code() == "token-binding-mismatch"
    assert Door().principal().confirmations == ()


@pytest.mark.parametrize("more", [{"token": {"cookie": "t"}}, {"forward": "token"}])
def test_proofs_go_with_the_authorization_field_and_with_no_forwarded_token(more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"dpop|forward"):
        IntrospectionSettings.model_validate({**SETTINGS, **DPOP, **more})
