"""The demo's provider gives an ID token for a code to the client that began the login, once."""

import asyncio
import re
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from dpop_client import DpopClient
from hotgate.demo.provider import CLIENT, Provider

PLACE = "http://127.0.0.1:9"
BACK = "http://localhost:8080/.hotgate/people/callback"
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "client_id": CLIENT,
    "response_type": "code",
    "redirect_uri": BACK,
    "state": "s",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}


class Scene:
    """A provider and somebody who asks it."""

    def __init__(self) -> None:
        self.provider = Provider()

    def ask(self, method: str, target: str, **options: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self.provider.application)
            async with httpx.AsyncClient(transport=transport, base_url=PLACE) as client:
                return await client.request(method, target, **options)

        return asyncio.run(asked())

    def authorize(self, **changes: str) -> httpx.Response:
        return self.ask("GET", f"/authorize?{urlencode({**ASKED, **changes})}")

    def choose(self, person: str, login: str = "") -> httpx.Response:
        if not login:
            login = re.findall(r'name="login" value="([^"]+)"', self.authorize().text)[0]
        return self.ask("POST", "/authorize", data={"login": login, "person": person})

    def code(self) -> str:
        answer = self.choose("alice")
        assert answer.status_code == 303
        sent = parse_qs(urlsplit(answer.headers["location"]).query)
        assert (sent["state"], sent["iss"]) == (["s"], [PLACE])
        return sent["code"][0]

    def exchange(self, **changes: str) -> httpx.Response:
        form = {"code_verifier": VERIFIER, "redirect_uri": BACK, **changes}
        secret = form.pop("secret", self.provider.secret)
        return self.ask("POST", "/token", data=form, auth=(CLIENT, secret))

    def introspect(self, token: str, **changes: str) -> httpx.Response:
        secret = changes.get("secret", self.provider.secret)
        return self.ask("POST", "/introspect", data={"token": token}, auth=(CLIENT, secret))

    def claims(self, token: str) -> dict[str, Any]:
        keys = KeySet.import_key_set(self.ask("GET", "/jwks").json())
        return dict(jwt.decode(token, keys, ["ES256"]).claims)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_a_person_is_chosen_and_told_in_the_id_token(scene: Scene) -> None:
    page = scene.authorize(state="<b>")
    assert page.status_code == 200
    assert "<b>" not in page.text
    answer = scene.exchange(code=scene.code()).json()
    claims = scene.claims(answer["id_token"])
    assert (claims["sub"], claims["nonce"], claims["aud"]) == ("alice", "n", CLIENT)
    assert claims["iss"] == scene.ask("GET", "/.well-known/openid-configuration").json()["issuer"]
    assert scene.introspect(answer["access_token"]).json()["sub"] == "alice"


def test_a_code_is_used_once(scene: Scene) -> None:
    code = scene.code()
    assert scene.exchange(code=code).status_code == 200
    assert scene.exchange(code=code).status_code == 400


@pytest.mark.parametrize(
    "changes", [{"secret": "x"}, {"code_verifier": "w" * 43}, {"redirect_uri": "http://localhost/"}, {"code": "x"}]
)
def test_nobody_else_gets_a_token(scene: Scene, changes: dict[str, str]) -> None:
    assert scene.exchange(**{"code": scene.code(), **changes}).status_code == 400


@pytest.mark.parametrize("uri", ["https://evil.test/", "//evil.test", "", "http://localhost@evil.test/"])
def test_nobody_is_sent_off_this_machine(scene: Scene, uri: str) -> None:
    assert scene.authorize(redirect_uri=uri).status_code == 400


@pytest.mark.parametrize("changes", [{"response_type": "token"}, {"code_challenge_method": "plain"}])
def test_nothing_but_codes_with_pkce(scene: Scene, changes: dict[str, str]) -> None:
    assert scene.authorize(**changes).status_code == 400


def test_nobody_else_can_be_chosen_and_no_page_is_used_twice(scene: Scene) -> None:
    assert scene.choose("mallory").status_code == 400
    assert scene.choose("alice", login="made-up").status_code == 400
    login = re.findall(r'name="login" value="([^"]+)"', scene.authorize().text)[0]
    assert [scene.choose("bob", login).status_code for _ in range(2)] == [303, 400]


def test_a_hundred_pages_are_remembered(scene: Scene) -> None:
    first = re.findall(r'name="login" value="([^"]+)"', scene.authorize().text)[0]
    for _ in range(100):
        scene.authorize()
    assert scene.choose("alice", first).status_code == 400


def test_only_the_client_hears_what_a_token_stands_for(scene: Scene) -> None:
    token = scene.provider.tokens.opaque("bob")
    answer = scene.introspect(token).json()
    assert (answer["active"], answer["sub"], answer["scope"]) == (True, "bob", "orders:read")
    assert scene.introspect("made-up").json() == {"active": False}
    assert scene.introspect(token, secret="x").status_code == 401


def test_a_token_is_bound_to_the_key_of_its_proof(scene: Scene) -> None:
    client = DpopClient(url=f"{PLACE}/token")
    proof = client.proof(b"", 0).decode()
    answer = scene.ask("POST", "/token", data={"grant_type": "client_credentials"}, headers={"DPoP": proof}).json()
    assert answer["token_type"] == "DPoP"
    assert scene.claims(answer["access_token"])["cnf"] == client.confirmation


@pytest.mark.parametrize("proof", ["", "a.b.c", "é"])
def test_without_a_proof_there_is_no_such_token(scene: Scene, proof: str) -> None:
    form = {"grant_type": "client_credentials"}
    answer = scene.ask("POST", "/token", data=form, headers={"DPoP": proof.encode()})
    assert answer.json() == {"error": "invalid_dpop_proof"}


def test_a_proof_that_another_key_has_signed_is_none(scene: Scene) -> None:
    mine, other = (DpopClient(url=f"{PLACE}/token").proof(b"", 0).decode().split(".") for _ in range(2))
    proof = ".".join([*mine[:2], other[2]])
    answer = scene.ask("POST", "/token", data={"grant_type": "client_credentials"}, headers={"DPoP": proof})
    assert answer.status_code == 400
