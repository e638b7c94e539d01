"""Plain messages with a signature: what is accepted, what it ends, and what a stranger can do."""

import asyncio
import hmac
import json
from base64 import b64encode
from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.config.security_events import SecurityEvents
from hotgate.http.response import Response
from hotgate.policies.security_events.webhook_receiver import WebhookReceiver
from hotgate.testing.exchange import make_exchange

NOW = 1_800_000_000.0
SECRET = "s" * 32


def signature(body: bytes, identifier: str = "m1", at: float = NOW, secret: bytes = SECRET.encode()) -> str:
    text = b"%b.%d.%b" % (identifier.encode(), at, body)
    return "v1," + b64encode(hmac.digest(secret, text, "sha256")).decode()


class Scene:
    def __init__(self, secret: str = SECRET) -> None:
        self.told: list[dict[str, Any]] = []
        settings = SecurityEvents.model_validate({"revokes": ["corp", "sso"], "webhook": {"secret": secret}})
        assert settings.webhook is not None
        services = {"wall_clock": lambda: NOW, "ask": self._ask}
        self.receiver = WebhookReceiver("hr", settings, settings.webhook, services)

    async def _ask(self, about: str, body: Any, wait: float) -> bool:
        self.told.append(json.loads(json.dumps(body)))
        return True

    def post(self, body: bytes, signed: str | None = None, at: float = NOW, identifier: str = "m1") -> Response:
        headers = {
            "webhook-id": identifier,
            "webhook-timestamp": f"{at:.0f}",
            "webhook-signature": signature(body, identifier, at) if signed is None else signed,
        }
        return asyncio.run(self.receiver.answer(make_exchange("POST", "/hook", headers, body=body)))

    def send(self, message: Any, **options: Any) -> Response:
        return self.post(json.dumps(message).encode(), **options)


@pytest.mark.parametrize(
    ("message", "ended", "entries"),
    [
        ({"subject": "ada"}, ["sub", "ada", NOW], []),
        ({"email": "ada@corp.test"}, ["email", "ada@corp.test", NOW], []),
        ({"client": "app"}, ["client", "app", NOW], []),
        ({"sid": "s1", "provider": "sso"}, ["sid", "s1", None], ["sso"]),
        ({"jti": "t1"}, ["jti", "t1", None], []),
    ],
)
def test_what_a_message_ends(message: Any, ended: Any, entries: Any) -> None:
    scene = Scene()
    assert scene.send(message).status == 202
    assert (scene.told[0]["ended"], scene.told[0]["entries"], scene.told[0]["jti"]) == ([ended], entries, "m1")


def test_a_stranger_ends_nothing() -> None:
    scene = Scene()
    body = b'{"subject":"ada"}'
    for signed in (
        "",
        "v1,",
        signature(body, secret=b"guess"),
        signature(b'{"subject":"bob"}'),
        signature(body, identifier="m2"),
        signature(body, at=NOW + 1),
        signature(body).replace("v1,", "v1a,"),
        " ".join(["v1,x"] * 9 + [signature(body)]),
    ):
        assert scene.post(body, signed).status == 401
    assert scene.post(body, identifier="a.b").status == 401
    assert scene.told == []


def test_of_several_signatures_one_is_enough() -> None:
    body = b'{"subject":"ada"}'
    assert Scene().post(body, f"v1,old v1a,other {signature(body)}").status == 202


def test_an_old_message_is_not_played_again() -> None:
    scene = Scene()
    assert scene.send({"jti": "t1"}, at=NOW - 301).status == 401
    assert scene.send({"jti": "t1"}, at=NOW + 301).status == 401
    assert scene.send({"jti": "t1"}, at=NOW - 299).status == 202


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"subject": "ada", "sid": "s1"},
        {"subject": ""},
        {"subject": 7},
        {"subject": "x" * 513},
        {"subject": "a\0b"},
        {"everything": "yes"},
        {"subject": "ada", "provider": "partners"},
        {"subject": "ada", "provider": ["corp"]},
        [],
        "ada",
    ],
)
def test_a_message_that_is_not_understood_ends_nothing(message: Any) -> None:
    scene = Scene()
    assert scene.send(message).status == 422
    assert scene.told == []


def test_two_members_of_a_name_are_refused() -> None:
    assert Scene().post(b'{"subject":"ada","subject":"bob"}').status == 422


def test_a_secret_as_the_specification_writes_it() -> None:
    octets = b"\x00\xff" * 16
    scene = Scene("whsec_" + b64encode(octets).decode())
    body = b'{"subject":"ada"}'
    assert scene.post(body, signature(body, secret=octets)).status == 202
    assert scene.post(body, signature(body)).status == 401


def test_who_knows_the_secret_is_told_what_is_wrong_and_a_stranger_is_not() -> None:
    scene = Scene()
    assert b"exactly one of subject" in (scene.send({"subjet": "ada"}).body or b"")
    assert b"compare the clocks" in (scene.send({"subject": "ada"}, at=NOW - 1000).body or b"")
    assert b'"The signature is not good."' in (scene.post(b"{}", signature(b"{}", secret=b"guess")).body or b"")


@pytest.mark.parametrize("secret", ["short", "whsec_" + "#" * 40])
def test_a_secret_that_cannot_be_used_is_told_by_its_key(secret: str) -> None:
    with pytest.raises(ValidationError, match="`secret`"):
        Scene(secret)
