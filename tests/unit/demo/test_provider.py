"""The demo's provider gives an ID token for a code to the client that began the login, once."""

import asyncio
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from hotgate.demo.provider import CLIENT, Provider

BACK = "http://localhost:8080/.hotgate/people/callback"
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {"client_id": CLIENT, "redirect_uri": BACK, "state": "s", "nonce": "n", "code_challenge": CHALLENGE}


class Scene:
    """A provider and somebody who asks it."""

    def __init__(self) -> None:
        self.provider = Provider()

    def ask(self, method: str, target: str, **options: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.provider.application)
            async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:9") as client:
                return await client.request(method, target, **options)

        return asyncio.run(asked())

    def authorize(self, **changes: str) -> httpx.Response:
        return self.ask("GET", f"/authorize?{urlencode({**ASKED, **changes})}")

    def code(self) -> str:
        sent = parse_qs(urlsplit(self.authorize(person="alice").headers["location"]).query)
        assert (sent["state"], sent["iss"]) == (["s"], ["http://127.0.0.1:9"])
        return sent["code"][0]

    def exchange(self, **changes: str) -> httpx.Response:
        form = {"code_verifier": VERIFIER, "redirect_uri": BACK, **changes}
        secret = form.pop("secret", self.provider.secret)
        return self.ask("POST", "/token", data=form, auth=(CLIENT, secret))


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_person_is_chosen_and_told_in_the_id_token(scene: Scene) -> None:
    page = scene.authorize(state="<b>")
    assert page.status_code == 200
    assert "<b>" not in page.text
    answer = scene.exchange(code=scene.code()).json()
    keys = KeySet.import_key_set(scene.ask("GET", "/jwks").json())
    claims = jwt.decode(answer["id_token"], keys, ["ES256"]).claims
    assert (claims["sub"], claims["nonce"], claims["aud"]) == ("alice", "n", CLIENT)
    assert claims["iss"] == scene.ask("GET", "/.well-known/openid-configuration").json()["issuer"]


def test_a_code_is_used_once(scene: Scene) -> None:
    code = scene.code()
    assert scene.exchange(code=code).status_code == 200
    assert scene.exchange(code=code).status_code == 400


@pytest.mark.parametrize(
    "changes", [{"secret": "x"}, {"code_verifier": "w" * 43}, {"redirect_uri": "http://localhost/"}, {"code": "x"}]
)
def test_nobody_else_gets_a_token(scene: Scene, changes: dict[str, str]) -> None:
    assert scene.exchange(**{"code": scene.code(), **changes}).status_code == 400


def test_nobody_is_sent_off_this_machine(scene: Scene) -> None:
    for uri in ("https://evil.test/", "//evil.test", ""):
        assert scene.authorize(redirect_uri=uri, person="alice").status_code == 400
