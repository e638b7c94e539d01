"""Security event tokens as they arrive: what is accepted, what it ends, and every way to cheat with one."""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import pytest

from hotgate.config.security_events import SecurityEvents
from hotgate.http.response import Response
from hotgate.identity.events.security_event_token import MAX_EVENTS, MAX_SET_BYTES
from hotgate.identity.events.transmitter_keys import keys_location
from hotgate.identity.verification_keys.key_sets import KeySets, key_set_name
from hotgate.policies.security_events.set_receiver import SetReceiver
from hotgate.testing.exchange import make_exchange
from hotgate.testing.issuer import Issuer

NOW = 1_800_000_000.0
IDP = Issuer()
STRANGER = Issuer(kid="k1")  # the same name of a key, and another key
CAEP = "https://schemas.openid.net/secevent/caep/event-type/"
RISC = "https://schemas.openid.net/secevent/risc/event-type/"
REVOKED = f"{CAEP}session-revoked"
ADA = {"format": "iss_sub", "iss": IDP.name, "sub": "ada"}
OPAQUE = {"format": "opaque", "id": "x"}
TOKEN = "t" * 32


def aliases(*identifiers: Any) -> dict[str, Any]:
    return {"format": "aliases", "identifiers": list(identifiers)}


def event(event_type: str = REVOKED, payload: Mapping[str, Any] | None = None, **claims: Any) -> dict[str, Any]:
    """The claims of a SET; one that is None is left out."""
    given = {
        "iss": IDP.name,
        "aud": "https://gateway.test",
        "iat": NOW - 5,
        "jti": "event-1",
        "txn": "cause-1",
        "sub_id": ADA,
        "events": {event_type: {} if payload is None else payload},
        **claims,
    }
    return {name: value for name, value in given.items() if value is not None}


class Scene:
    """A receiver, and what it has handed on. answer: what the control process says; None: it is gone."""

    def __init__(self, **settings: Any) -> None:
        self.told: list[dict[str, Any]] = []
        self.is_there = True
        config = {"issuer": IDP.name, "audience": "https://gateway.test", **settings}
        receiver = SecurityEvents.model_validate({"revokes": ["corp"], "set": config}).set_
        assert receiver is not None
        self.key_sets = KeySets(lambda: NOW)
        self.set_name = key_set_name("events:idp", keys_location(receiver))
        self.key_sets.replace(self.set_name, IDP.jwks())
        services = {"key_sets": self.key_sets, "wall_clock": lambda: NOW, "ask": self._ask}
        self.receiver = SetReceiver("idp", receiver, services)

    async def _ask(self, about: str, body: Any, wait: float) -> bool:
        if not self.is_there:
            raise ConnectionError("gone")
        assert about == "security_events"
        self.told.append(json.loads(json.dumps(body)))
        return True

    def post(self, body: bytes, **headers: str) -> Response:
        fields = {"content-type": "application/secevent+jwt", **{n.replace("_", "-"): v for n, v in headers.items()}}
        exchange = make_exchange("POST", "/events", fields, body=body)
        return asyncio.run(self.receiver.answer(exchange))

    def send(self, claims: Mapping[str, Any], issuer: Issuer = IDP, **header: Any) -> Response:
        return self.post(issuer.token(claims, {"typ": "secevent+jwt", **header}))

    def ended(self, claims: Mapping[str, Any]) -> list[list[Any]]:
        assert self.send(claims).status == 202
        ended: list[list[Any]] = self.told[-1]["ended"]
        return ended


def error(response: Response) -> tuple[int, str]:
    return response.status, json.loads(response.body or b"{}")["err"]


def test_an_event_is_handed_on_and_acknowledged() -> None:
    scene = Scene()
    response = scene.send(event())
    assert (response.status, response.body) == (202, b"")
    assert scene.told == [
        {
            "receiver": "idp",
            "jti": "event-1",
            "txn": "cause-1",
            "types": [REVOKED],
            "ended": [["sub", "ada", NOW - 5]],
            "unmapped": [],
            "entries": [],
        }
    ]


def test_it_is_not_acknowledged_before_it_is_stored() -> None:
    scene = Scene()
    scene.is_there = False
    response = scene.send(event())
    assert (response.status, response.header("retry-after")) == (503, "5")


def test_no_keys_is_our_fault_not_the_transmitters() -> None:
    fresh = Scene()
    fresh.receiver._keys = KeySets(lambda: NOW).get("never loaded")
    assert fresh.send(event()).status == 503
    assert fresh.told == []


@pytest.mark.parametrize(
    ("event_type", "payload", "subject", "ended"),
    [
        (REVOKED, {"event_timestamp": NOW - 60}, ADA, [["sub", "ada", NOW - 60]]),
        (REVOKED, {"event_timestamp": NOW + 999}, ADA, [["sub", "ada", NOW - 5]]),
        (REVOKED, {}, {"format": "email", "email": "ada@corp.test"}, [["email", "ada@corp.test", NOW - 5]]),
        (REVOKED, {}, {"format": "opaque", "id": "ada"}, [["sub", "ada", NOW - 5]]),
        (REVOKED, {}, {"format": "jwt_id", "iss": IDP.name, "jti": "t1"}, [["jti", "t1", None]]),
        (
            REVOKED,
            {},
            {"format": "complex", "session": {"format": "opaque", "id": "s1"}, "user": ADA},
            [["sid", "s1", None]],
        ),
        (
            REVOKED,
            {},
            {"format": "complex", "user": ADA, "tenant": {"format": "opaque", "id": "x"}},
            [["sub", "ada", NOW - 5]],
        ),
        (
            REVOKED,
            {},
            {
                "format": "aliases",
                "identifiers": [ADA, {"format": "email", "email": "a@b"}, {"format": "phone_number"}],
            },
            [["sub", "ada", NOW - 5], ["email", "a@b", NOW - 5]],
        ),
        (
            f"{RISC}account-disabled",
            {},
            {"format": "complex", "session": {"format": "opaque", "id": "s1"}, "user": ADA},
            [["sub", "ada", NOW - 5]],
        ),
        (f"{RISC}account-purged", {}, ADA, [["sub", "ada", NOW - 5]]),
        (f"{RISC}credential-compromise", {}, ADA, [["sub", "ada", NOW - 5]]),
        (f"{RISC}sessions-revoked", {}, ADA, [["sub", "ada", NOW - 5]]),
        (f"{RISC}account-enabled", {}, ADA, []),
        (f"{CAEP}credential-change", {"change_type": "revoke"}, ADA, [["sub", "ada", NOW - 5]]),
        (f"{CAEP}credential-change", {"change_type": ["create"]}, ADA, [["sub", "ada", NOW - 5]]),
        (f"{CAEP}credential-change", {"change_type": "create"}, ADA, []),
        (f"{CAEP}assurance-level-change", {"change_direction": "decrease"}, ADA, [["sub", "ada", NOW - 5]]),
        (f"{CAEP}assurance-level-change", {"change_direction": "increase"}, ADA, []),
        (f"{CAEP}device-compliance-change", {"current_status": "not-compliant"}, ADA, [["sub", "ada", NOW - 5]]),
        (f"{CAEP}device-compliance-change", {"current_status": "compliant"}, ADA, []),
        (f"{CAEP}token-claims-change", {"claims": {"role": "x"}}, ADA, [["sub", "ada", NOW - 5]]),
        (f"{CAEP}risk-level-change", {"current_level": "HIGH"}, ADA, [["sub", "ada", NOW - 5]]),
        (f"{CAEP}session-established", {}, ADA, []),
        ("https://schemas.openid.net/secevent/ssf/event-type/verification", {"state": "x"}, {"format": "opaque"}, []),
        ("https://schemas.openid.net/secevent/ssf/event-type/stream-updated", {"status": "paused"}, None, []),
        ("http://schemas.openid.net/event/backchannel-logout", {}, ADA, []),
    ],
)
def test_what_an_event_ends(event_type: str, payload: Any, subject: Any, ended: Any) -> None:
    assert Scene().ended(event(event_type, payload, sub_id=subject)) == ended


def test_a_subject_as_it_was_written_before_it_was_a_standard() -> None:
    payload = {"subject": {"subject_type": "iss-sub", "iss": IDP.name, "sub": "ada"}}
    assert Scene().ended(event(f"{RISC}account-disabled", payload, sub_id=None)) == [["sub", "ada", NOW - 5]]
    assert Scene().ended(event(sub_id=None, sub="ada")) == [["sub", "ada", NOW - 5]]


@pytest.mark.parametrize(
    "subject", [{"format": "account", "uri": "acct:a@b"}, {"format": "complex", "device": ADA}, {}]
)
def test_a_subject_that_names_nobody_here_is_told_to_operators(subject: Any) -> None:
    scene = Scene()
    assert scene.ended(event(sub_id=subject)) == []
    assert scene.told[0]["unmapped"] == [REVOKED]


def test_a_transmitter_speaks_of_its_own_subjects_only() -> None:
    other = {"format": "iss_sub", "iss": "https://other.test", "sub": "ada"}
    for subject in (
        other,
        {"format": "complex", "user": other},
        {"format": "aliases", "identifiers": [ADA, other]},
        {"format": "jwt_id", "iss": "https://other.test", "jti": "t1"},
        {**other, "iss": [IDP.name]},
        {**other, "iss": None},
    ):
        scene = Scene()
        assert error(scene.send(event(sub_id=subject))) == (400, "invalid_request")
        assert scene.told == []
    assert Scene(subject_issuers=["https://other.test"]).ended(event(sub_id=other)) == [["sub", "ada", NOW - 5]]


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"iss": "https://other.test"}, "invalid_issuer"),
        ({"iss": None}, "invalid_issuer"),
        ({"aud": "https://other.test"}, "invalid_audience"),
        ({"aud": None}, "invalid_audience"),
        ({"aud": {"https://gateway.test": 1}}, "invalid_request"),
        ({"jti": None}, "invalid_request"),
        ({"jti": 7}, "invalid_request"),
        ({"iat": None}, "invalid_request"),
        ({"iat": NOW + 31}, "invalid_request"),
        ({"iat": NOW - 8 * 86400}, "invalid_request"),
        ({"exp": NOW - 31}, "invalid_request"),
        ({"events": None}, "invalid_request"),
        ({"events": {}}, "invalid_request"),
        ({"events": [REVOKED]}, "invalid_request"),
        ({"events": {REVOKED: "now"}}, "invalid_request"),
        ({"events": {f"https://e.test/{n}": {} for n in range(MAX_EVENTS + 1)}}, "invalid_request"),
        ({"sub_id": "ada"}, "invalid_request"),
        ({"sub_id": {"format": ["iss_sub"]}}, "invalid_request"),
        ({"sub_id": {"format": "email", "email": "x" * 513}}, "invalid_request"),
        ({"sub_id": {"format": "opaque", "id": "a\0b"}}, "invalid_request"),
        (
            {"sub_id": {"format": "aliases", "identifiers": [{"format": "aliases", "identifiers": []}]}},
            "invalid_request",
        ),
        ({"sub_id": {"format": "aliases", "identifiers": [ADA] * 17}}, "invalid_request"),
        ({"sub_id": {"format": "complex", "user": "ada"}}, "invalid_request"),
        ({"events": {REVOKED: {"event_timestamp": "yesterday"}}}, "invalid_request"),
    ],
)
def test_a_token_that_is_not_what_it_should_be(claims: dict[str, Any], says: str) -> None:
    scene = Scene()
    assert error(scene.send(event(**claims))) == (400, says)
    assert scene.told == []


def test_forged_ones() -> None:
    scene = Scene()
    good = IDP.token(event(), {"typ": "secevent+jwt"})
    head, payload, _ = good.split(b".")
    assert error(scene.send(event(), STRANGER)) == (400, "invalid_key")
    assert error(scene.post(b".".join((head, payload, b"")))) == (400, "invalid_key")
    assert error(scene.send(event(), alg="none")) == (400, "invalid_key")
    assert error(scene.send(event(), alg="HS256")) == (400, "invalid_key")
    assert error(scene.send(event(), kid="unknown")) == (400, "invalid_key")
    for typ in ("JWT", "logout+jwt", "at+jwt", None):  # tokens for another purpose, with the same keys
        assert error(scene.send(event(), typ=typ)) == (400, "invalid_request")
    for body in (b"", b"a.b.c", b"{}", good + b"x" * MAX_SET_BYTES):
        assert scene.post(body).status == 400
    assert scene.told == []


def test_the_content_type_is_that_of_a_set() -> None:
    good = IDP.token(event(), {"typ": "secevent+jwt"})
    assert error(Scene().post(good, content_type="application/json")) == (400, "invalid_request")
    assert Scene().post(good, content_type="Application/SecEvent+JWT; charset=utf-8").status == 202


def test_a_transmitter_may_have_to_show_a_token() -> None:
    scene = Scene(token=TOKEN)
    good = IDP.token(event(), {"typ": "secevent+jwt"})
    assert error(scene.post(good)) == (401, "authentication_failed")
    for value in (f"Bearer {TOKEN}x", f"Basic {TOKEN}", f"Bearer {TOKEN[:-1]}", "Bearer ", "Bearer"):
        assert scene.post(good, authorization=value).status == 401
    assert scene.post(good, authorization=f"bearer {TOKEN}").status == 202


def test_a_new_key_is_asked_for_once() -> None:
    scene = Scene()
    new, asked = Issuer(kid="k2"), []

    async def refresh(name: str) -> None:
        asked.append(name)
        scene.key_sets.replace(name, new.jwks())

    scene.key_sets.request_refresh = refresh
    assert scene.send(event(), new).status == 202
    assert error(scene.send(event(), Issuer(kid="k3"))) == (400, "invalid_key")
    assert asked == [scene.set_name]


def test_what_is_wrong_is_said_to_operators_alone() -> None:
    response = Scene().send(event(aud="x"))
    assert b"another receiver" not in (response.body or b"")
    assert "another receiver" in response.log_detail
