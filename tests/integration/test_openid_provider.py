"""The provider that other tests rely on does what they take for granted."""

import json
import ssl
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from joserfc import jws

from certificate_authority import Authority
from openid_provider import OpenIdProvider, Settings, client, openid_provider, public_client, service
from openid_provider.settings import API, OPAQUE_API, SECRET, STRONG

pytestmark = pytest.mark.peers

CALLBACK = "https://gateway.example.com/callback"


class Listener:
    """An address that takes logout tokens."""

    def __init__(self) -> None:
        self.tokens: list[str] = []
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                listener.tokens.append(parse_qs(body)["logout_token"][0])
                self.send_response(200)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/backchannel"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    made = Listener()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def provider(listener: Listener) -> Iterator[OpenIdProvider]:
    told = {"backchannel_logout_uri": listener.url, "backchannel_logout_session_required": True}
    out = {"post_logout_redirect_uris": ["https://gateway.example.com/bye"]}
    clients = [service("service"), client("web", CALLBACK, **told, **out), public_client("app", CALLBACK)]
    signed = service("signed", introspection_signed_response_alg="RS256")
    with openid_provider(Settings(clients=[*clients, signed])) as running:
        yield running


@pytest.fixture(autouse=True)
def _healed(provider: OpenIdProvider) -> Iterator[None]:
    yield
    provider.heal()
    provider.clock(0)


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, unverified."""
    read = jws.extract_compact(token.encode())
    return read.headers(), json.loads(read.payload)


def kids(provider: OpenIdProvider) -> set[str]:
    keys = httpx.get(provider.metadata["jwks_uri"], trust_env=False).json()["keys"]
    return {key["kid"] for key in keys}


def test_tokens_of_services_are_jwts_or_opaque(provider: OpenIdProvider) -> None:
    header, claims = parts(provider.client_credentials(resource=API, scope="orders:read"))
    assert header["typ"] == "at+jwt"
    assert (claims["aud"], claims["scope"], claims["iss"]) == (API, "orders:read", provider.issuer)
    opaque = provider.client_credentials(resource=OPAQUE_API, scope="orders:read")
    assert "." not in opaque
    about = provider.introspect(opaque)
    assert (about["active"], about["aud"], about["client_id"]) == (True, OPAQUE_API, "service")
    provider.revoke(opaque)
    assert provider.introspect(opaque) == {"active": False}


def test_introspection_is_signed_for_who_wants_it(provider: OpenIdProvider) -> None:
    fields = {"Accept": "application/token-introspection+jwt"}
    asked = {"token": provider.client_credentials()}
    url = provider.metadata["introspection_endpoint"]
    response = httpx.post(url, data=asked, auth=("signed", SECRET), headers=fields, trust_env=False)
    header, claims = parts(response.text)
    assert header["typ"] == "token-introspection+jwt"
    assert claims["token_introspection"]["active"] is True


def test_a_user_signs_in_and_tokens_are_renewed(provider: OpenIdProvider) -> None:
    tokens = provider.sign_in(
        "alice", "web", scope="openid email groups offline_access", prompt="consent", resource=API
    )
    claims = parts(tokens["id_token"])[1]
    assert (claims["sub"], claims["email"], claims["acr"]) == ("alice", "alice@example.com", "pwd")
    assert parts(tokens["access_token"])[1]["groups"] == ["staff", "admins"]
    renewed = provider.token("web", grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert renewed["refresh_token"] != tokens["refresh_token"]
    with pytest.raises(AssertionError, match="invalid_grant"):
        provider.token("web", grant_type="refresh_token", refresh_token=tokens["refresh_token"])


def test_a_session_lasts_and_is_made_stronger(provider: OpenIdProvider) -> None:
    agent = provider.user_agent()
    first = parts(provider.sign_in("alice", "web", agent)["id_token"])[1]
    again = parts(provider.sign_in("", "web", agent)["id_token"])[1]
    assert first["sid"] == again["sid"]
    stronger = parts(provider.sign_in("alice", "web", agent, acr_values=STRONG)["id_token"])[1]
    assert (stronger["acr"], stronger["amr"]) == (STRONG, ["pwd", "otp"])


def test_who_is_hinted_at_needs_no_form_and_who_says_no_is_sent_back(provider: OpenIdProvider) -> None:
    assert parts(provider.sign_in("", "web", login_hint="bob")["id_token"])[1]["sub"] == "bob"
    query = {"client_id": "app", "response_type": "code", "scope": "openid", "redirect_uri": CALLBACK}
    query |= {"code_challenge": "x" * 43, "code_challenge_method": "S256", "state": "abc"}
    landed = provider.user_agent().visit(f"{provider.metadata['authorization_endpoint']}?{urlencode(query)}")
    answer = parse_qs(urlsplit(landed).query)
    assert (answer["error"], answer["state"], answer["iss"]) == (["access_denied"], ["abc"], [provider.issuer])


def test_clients_are_told_of_logouts(provider: OpenIdProvider, listener: Listener) -> None:
    sid = parts(provider.sign_in("alice", "web")["id_token"])[1]["sid"]
    told = provider.end_sessions("alice")
    assert {"client_id": "web", "sid": sid, "error": None} in told
    header, claims = parts(listener.tokens[[each["sid"] for each in told].index(sid) - len(told)])
    assert header["typ"] == "logout+jwt"
    assert "http://schemas.openid.net/event/backchannel-logout" in claims["events"]
    provider.tell_of_logout("web", "bob", "of-nobody")
    assert parts(listener.tokens[-1])[1]["sid"] == "of-nobody"


def test_a_user_signs_out(provider: OpenIdProvider, listener: Listener) -> None:
    agent = provider.user_agent()
    tokens = provider.sign_in("bob", "web", agent)
    back = "https://gateway.example.com/bye"
    query = urlencode({"id_token_hint": tokens["id_token"], "post_logout_redirect_uri": back, "state": "z"})
    assert agent.sign_out(f"{provider.metadata['end_session_endpoint']}?{query}") == f"{back}?state=z"
    assert parts(listener.tokens[-1])[1]["sid"] == parts(tokens["id_token"])[1]["sid"]


def test_keys_rotate_with_and_without_overlap(provider: OpenIdProvider) -> None:
    before = kids(provider)
    provider.rotate_keys()
    assert before < kids(provider)
    assert parts(provider.client_credentials(resource=API))[0]["kid"] not in before
    provider.rotate_keys(forget=True)
    assert not before & kids(provider)


def test_faults_and_their_end(provider: OpenIdProvider) -> None:
    before = provider.requests("/token")
    provider.fault("/token", 503, "busy", headers={"Retry-After": "7"}, times=1)
    with pytest.raises(AssertionError, match="503: busy"):
        provider.client_credentials()
    assert provider.client_credentials()
    provider.fault("/token", breaks=True)
    with pytest.raises(httpx.TransportError):
        provider.client_credentials()
    provider.heal()
    assert provider.client_credentials()
    assert provider.requests("/token") == before + 4


def test_tokens_of_the_past(provider: OpenIdProvider) -> None:
    provider.clock(-3600)
    assert parts(provider.client_credentials(resource=API))[1]["exp"] < time.time() - 3000


def test_https_and_tokens_bound_to_certificates() -> None:
    authority = Authority()
    own, certificate = authority.issue("localhost"), authority.issue_client("robot")
    tls = {"key": own.key_pem, "cert": own.pem, "ca": authority.pem}
    bound = service("service", tls_client_certificate_bound_access_tokens=True)
    with openid_provider(Settings(clients=[bound], tls=tls)) as provider, TemporaryDirectory() as folder:
        certificate.save(Path(folder), "robot")
        context = ssl.create_default_context(cadata=authority.pem)
        context.load_cert_chain(f"{folder}/robot.pem", f"{folder}/robot.key")
        asked = {"grant_type": "client_credentials"}
        url = provider.metadata["token_endpoint"]
        answer = httpx.post(url, data=asked, auth=("service", SECRET), verify=context, trust_env=False).json()
        assert provider.introspect(answer["access_token"])["cnf"]["x5t#S256"]
