"""Logins at the certified provider: what it takes and gives is what the control process sends and believes."""

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import Awaitable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

import pytest

from hotgate.control.openid.relying_parties import RelyingParties
from hotgate.keys.signing_key import SigningKey
from hotgate.policies.oidc.oidc_settings import OidcSettings
from hotgate.runtime.desks.keys import Keys
from openid_provider import OpenIdProvider, Settings, client, openid_provider
from openid_provider.settings import API, SECRET, STRONG

pytestmark = pytest.mark.peers

T = TypeVar("T")

CALLBACK = "https://app.example.com/.hotgate/sso/callback"
LOGGED_OUT = "https://app.example.com/.hotgate/sso/logged-out"
KEY = SigningKey.generate("ES256")
BY_SECRET = {"id": "by-secret", "secret": SECRET}
BY_KEY = {"id": "by-key", "private_key": KEY.pem}


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenIdProvider]:
    by_secret = client("by-secret", CALLBACK, post_logout_redirect_uris=[LOGGED_OUT])
    by_key = client(
        "by-key",
        CALLBACK,
        token_endpoint_auth_method="private_key_jwt",
        jwks={"keys": [KEY.public_jwk]},
        id_token_signed_response_alg="ES256",
        userinfo_signed_response_alg="ES256",
        require_pushed_authorization_requests=True,
    )
    del by_key["client_secret"]
    with openid_provider(Settings(clients=[by_secret, by_key])) as running:
        yield running


@pytest.fixture(autouse=True)
def _healed(provider: OpenIdProvider) -> Iterator[None]:
    yield
    provider.heal()


@dataclass
class Gateway:
    """A gateway with one entry, on a loop of its own. agent: the browser that logs in."""

    provider: OpenIdProvider
    runner: asyncio.Runner
    parties: RelyingParties

    def __post_init__(self) -> None:
        self.agent = self.provider.user_agent()

    def ask(self, about: str, **body: Any) -> dict[str, Any]:
        """What a worker asks, and is told."""
        told: dict[str, Any] = self.run(getattr(self.parties["sso"], about)(body))
        return told

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return self.runner.run(awaited())

    def returned(self, verifier: str, nonce: str, **wish: Any) -> dict[str, str]:
        """What the browser brings back after alice has signed in."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        begun = self.ask("begin", redirect_uri=CALLBACK, state="s1", nonce=nonce, challenge=challenge, **wish)
        landed = self.agent.visit(begun["location"], "alice")
        return {name: values[0] for name, values in parse_qs(urlsplit(landed).query).items()}

    def log_in(self, **wish: Any) -> dict[str, Any]:
        """What completing a login tells. wish: what it asks for."""
        verifier, nonce = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        back = self.returned(verifier, nonce, **wish)
        assert back["state"] == "s1"
        body = {
            "redirect_uri": CALLBACK,
            "code": back["code"],
            "iss": back["iss"],
            "verifier": verifier,
            "nonce": nonce,
        }
        return self.ask("complete", **body, **wish)


@pytest.fixture
def gateways(provider: OpenIdProvider, tmp_path: Path) -> Iterator[Any]:
    """Makes gateways; call it with the settings of their entry."""
    with asyncio.Runner() as runner:
        keys = Keys(lambda _: None, tmp_path)
        opened: list[RelyingParties] = []

        async def claim(_: Mapping[str, Any]) -> bool:
            return True

        def made(**settings: Any) -> Gateway:
            entry = OidcSettings.model_validate({"issuer": provider.issuer, "claims": {"groups": "groups"}, **settings})
            config = _Config({"sso": _Entry("oidc", entry)})
            parties = RelyingParties(keys.documents, keys.refresh, lambda: None, claim)
            opened.append(parties)
            runner.run(keys.follow(config))
            runner.run(parties.follow({"sso": entry}))
            return Gateway(provider, runner, parties)

        yield made
        for parties in opened:
            runner.run(parties.close())
        runner.run(keys.stop())


@dataclass
class _Entry:
    mechanism: str
    settings: OidcSettings


@dataclass
class _Config:
    identity: dict[str, _Entry]
    security_events: dict[str, Any] = field(default_factory=dict)


def test_a_user_logs_in_by_a_pushed_request(provider: OpenIdProvider, gateways: Any) -> None:
    gateway = gateways(client=BY_SECRET, scopes=["email"], keep_claims=["email"])
    pushed = provider.requests("/request")
    session = gateway.log_in()["session"]

    assert provider.requests("/request") == pushed + 1
    assert session["subject"] == "alice"
    assert session["claims"]["email"] == "alice@example.com"
    assert session["auth_time"] is not None


def test_a_client_proves_itself_by_a_key_and_reads_signed_userinfo(gateways: Any) -> None:
    gateway = gateways(client=BY_KEY, algorithms=["ES256"], scopes=["groups"], pushed="required", userinfo=True)
    session = gateway.log_in()["session"]

    assert session["claims"]["groups"] == ["staff", "admins"]


def test_access_tokens_are_opaque_or_for_a_resource(gateways: Any) -> None:
    opaque = gateways(client=BY_SECRET).log_in()["session"]["tokens"]["access"]
    assert opaque.count(".") == 0

    gateway = gateways(client=BY_SECRET, scopes=["orders:read"], parameters={"resource": API})
    session = gateway.log_in()["session"]
    payload = session["tokens"]["access"].split(".")[1]
    assert json.loads(base64.urlsafe_b64decode(payload + "=="))["aud"] == API
    assert "orders:read" in session["claims"]["scope"].split()


def test_a_stronger_login_is_asked_for_and_proved(gateways: Any) -> None:
    gateway = gateways(client=BY_SECRET)

    assert gateway.log_in()["session"]["acr"] != STRONG
    assert gateway.log_in(acr_values=STRONG, max_age=0, prompt="login")["session"]["acr"] == STRONG


def test_a_session_is_renewed_again_and_again(gateways: Any) -> None:
    gateway = gateways(client=BY_SECRET)
    session = gateway.log_in()["session"]
    renewed = gateway.ask("refresh", session=session)["session"]
    again = gateway.ask("refresh", session=renewed)["session"]

    assert len({each["tokens"]["refresh"] for each in (session, renewed, again)}) == 3
    assert len({each["tokens"]["access"] for each in (session, renewed, again)}) == 3
    assert again["claims"] == session["claims"]


def test_a_refresh_token_that_comes_again_later_ends_the_session(gateways: Any) -> None:
    gateway = gateways(client=BY_SECRET)
    session = gateway.log_in()["session"]
    renewed = gateway.ask("refresh", session=session)["session"]
    thief = gateways(client=BY_SECRET)  # does not remember what was got for it

    assert thief.ask("refresh", session=session) == {"over": True}
    assert thief.ask("refresh", session=renewed) == {"over": True}


@pytest.mark.parametrize("changed", [{"verifier": "x" * 43}, {"code": "other"}, {"redirect_uri": f"{CALLBACK}/x"}])
def test_a_code_is_for_one_login_alone(gateways: Any, changed: dict[str, str]) -> None:
    gateway = gateways(client=BY_SECRET)
    verifier = secrets.token_urlsafe(32)
    back = gateway.returned(verifier, "n1")
    body = {"redirect_uri": CALLBACK, "code": back["code"], "iss": back["iss"], "verifier": verifier, "nonce": "n1"}

    assert gateway.ask("complete", **{**body, **changed})["error"] == "provider-refused"


def test_a_provider_that_is_down_harms_no_session(provider: OpenIdProvider, gateways: Any) -> None:
    gateway = gateways(client=BY_SECRET)
    session = gateway.log_in()["session"]
    provider.fault("/token", 503)
    assert gateway.ask("refresh", session=session)["error"] == "provider-unavailable"

    provider.heal()
    assert "session" in gateway.ask("refresh", session=session)


def test_a_provider_may_change_its_keys(provider: OpenIdProvider, gateways: Any) -> None:
    gateway = gateways(client=BY_SECRET)
    gateway.log_in()
    provider.rotate_keys(forget=True)

    assert "session" in gateway.log_in()


def test_a_logout_ends_it_at_the_provider(gateways: Any) -> None:
    gateway = gateways(client=BY_SECRET)
    session = gateway.log_in()["session"]
    told = gateway.ask("logout_url", **session["tokens"], return_to=LOGGED_OUT, state="s2")

    assert gateway.agent.sign_out(told["location"]) == f"{LOGGED_OUT}?state=s2"
    assert gateways(client=BY_SECRET).ask("refresh", session=session) == {"over": True}
