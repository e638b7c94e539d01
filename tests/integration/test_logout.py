"""Logins that end, with a certified provider and real processes: no cookie outlives its session on any worker."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from free_ports import free_port
from integration.backend import backend_running
from integration.conftest import COMMAND, SOURCES, Gateway
from integration.customer import Answer, ask
from integration.served import serving
from openid_provider import OpenIdProvider, Settings, UserAgent, client, openid_provider
from openid_provider.settings import SECRET
from valkey_server import ValkeyServer, valkey_server

pytestmark = pytest.mark.peers

ENTRIES = ("cookie", "store", "valkey")
ENTRY = """
  {keep}:
    oidc:
      issuer: "{issuer}"
      client: {{id: {keep}, secret: {secret}}}
      session: {{keep: {keep}}}
      after_logout: /bye
"""
CONFIG = """
store: {{}}
state_dir: state
valkey: {{url: "{valkey}"}}
identity:{entries}
upstreams:
  echo: {{targets: ["{url}"]}}
routes:
  - {{name: cookie, match: {{path: "/cookie"}}, upstream: echo, authenticate: [cookie]}}
  - {{name: store, match: {{path: "/store"}}, upstream: echo, authenticate: [store]}}
  - {{name: valkey, match: {{path: "/valkey"}}, upstream: echo, authenticate: [valkey]}}
"""


class Browser:
    """At the gateway it keeps cookies as a browser does, but for `Secure`; at the provider it is a UserAgent."""

    def __init__(self, gateway: Gateway, provider: OpenIdProvider) -> None:
        self._gateway = gateway
        self.agent = UserAgent(provider.issuer)
        self.cookies: dict[str, str] = {}

    def ask(self, target: str, method: str = "GET", **fields: str) -> Answer:
        named = [(name.replace("_", "-"), value) for name, value in fields.items()]
        return self.asked(target, method, named)

    def asked(self, target: str, method: str, fields: list[tuple[str, str]]) -> Answer:
        body = b"" if method == "POST" else None
        answer = ask(self._gateway.port, target, [*self.credential(), *fields], method=method, body=body)
        for given in answer.all("set-cookie"):
            name, _, rest = given.partition("=")
            value = rest.partition(";")[0]
            self.cookies.pop(name, None)
            if value:
                self.cookies[name] = value
        return answer

    def credential(self) -> list[tuple[str, str]]:
        return [("cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))] * bool(self.cookies)

    def log_in(self, entry: str, login: str = "alice") -> None:
        began = self.ask(f"/{entry}", accept="text/html", sec_fetch_mode="navigate", sec_fetch_dest="document")
        back = urlsplit(self.agent.visit(began.field("location"), login))
        answer = self.ask(f"{back.path}?{back.query}")
        assert answer.status in (302, 303), answer
        assert self.ask(f"/{entry}").status == 200

    def statuses(self, entry: str, credential: list[tuple[str, str]], count: int = 16) -> set[int]:
        """Of so many requests at once with a copy of the cookies: they reach both workers."""
        with ThreadPoolExecutor(count) as pool:
            found = pool.map(lambda _: ask(self._gateway.port, f"/{entry}", credential), range(count))
            return {each.status for each in found}


@pytest.fixture(scope="module")
def valkey() -> Iterator[ValkeyServer]:
    with valkey_server() as running:
        yield running


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def provider(port: int) -> Iterator[OpenIdProvider]:
    base = f"http://127.0.0.1:{port}"
    clients = [
        client(
            name,
            f"{base}/.hotgate/{name}/callback",
            backchannel_logout_uri=f"{base}/.hotgate/{name}/backchannel-logout",
            backchannel_logout_session_required=True,
            post_logout_redirect_uris=[f"{base}/bye"],
        )
        for name in ENTRIES
    ]
    with openid_provider(Settings(clients=clients)) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch_module: pytest.MonkeyPatch,
    port: int,
    provider: OpenIdProvider,
    valkey: ValkeyServer,
) -> Iterator[Gateway]:
    monkeypatch_module.setattr("integration.conftest.free_port", iter([port, free_port()]).__next__)
    entries = "".join(ENTRY.format(keep=keep, issuer=provider.issuer, secret=SECRET) for keep in ENTRIES)
    with backend_running() as backend:
        text = CONFIG.format(url=backend.url, valkey=valkey.url, entries=entries)
        with serving(tmp_path_factory.mktemp("logout"), text, workers=2) as running:
            yield running


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_copied_cookie_is_worth_nothing_after_a_logout(
    gateway: Gateway, provider: OpenIdProvider, entry: str
) -> None:
    browser = Browser(gateway, provider)
    browser.log_in(entry)
    copied = browser.credential()
    assert browser.statuses(entry, copied) == {200}

    stranger = browser.asked(f"/.hotgate/{entry}/logout", "POST", [("origin", "https://evil.test")])
    assert stranger.status == 403
    assert browser.statuses(entry, copied) == {200}

    answer = browser.ask(f"/.hotgate/{entry}/logout", "POST", origin=f"http://127.0.0.1:{gateway.port}")
    assert answer.status == 303
    assert browser.cookies == {}
    gateway.until(lambda: browser.statuses(entry, copied) == {401})
    assert browser.agent.sign_out(answer.field("location")) == f"http://127.0.0.1:{gateway.port}/bye"


@pytest.mark.parametrize("entry", ENTRIES)
def test_who_logs_out_at_the_provider_is_logged_out_here(
    gateway: Gateway, provider: OpenIdProvider, entry: str
) -> None:
    one, other = Browser(gateway, provider), Browser(gateway, provider)
    one.log_in(entry)
    other.log_in(entry, "bob")
    provider.end_sessions("alice")
    gateway.until(lambda: one.statuses(entry, one.credential()) == {401})
    assert other.statuses(entry, other.credential()) == {200}


def test_no_session_that_has_ended_comes_back_with_the_gateway(gateway: Gateway, provider: OpenIdProvider) -> None:
    """Keys, sessions and revocations outlive the process, also when it is killed: copies of an old cookie open, and
    are refused."""
    ended, going_on = {}, {}
    for entry in ENTRIES:
        browser, other = Browser(gateway, provider), Browser(gateway, provider)
        browser.log_in(entry)
        other.log_in(entry, "bob")
        ended[entry], going_on[entry] = browser.credential(), other.credential()
        browser.ask(f"/.hotgate/{entry}/logout", "POST", origin=f"http://127.0.0.1:{gateway.port}")
    gateway.signal(signal.SIGKILL)
    gateway.wait_for_exit()
    gateway.start()
    for entry in ENTRIES:
        assert ask(gateway.port, f"/{entry}", ended[entry]).status == 401
        assert ask(gateway.port, f"/{entry}", going_on[entry]).status == 200


def test_an_operator_logs_somebody_out_everywhere(gateway: Gateway, provider: OpenIdProvider) -> None:
    browsers = {entry: Browser(gateway, provider) for entry in ("cookie", "valkey")}
    for entry, browser in browsers.items():
        browser.log_in(entry, "bob")
    listed = sessions(gateway, "list", "--provider", "valkey", "--subject", "bob")
    assert "bob" in listed
    assert not any(value in listed for value in browsers["valkey"].cookies.values())
    sessions(gateway, "end", "--provider", "cookie", "--subject", "bob")  # nobody can list those, yet they end
    gateway.until(lambda: browsers["cookie"].statuses("cookie", browsers["cookie"].credential()) == {401})
    assert browsers["valkey"].statuses("valkey", browsers["valkey"].credential()) == {200}


def sessions(gateway: Gateway, *arguments: str) -> str:
    """What `hotgate sessions …` prints."""
    command = [sys.executable, "-c", COMMAND, "sessions", *arguments, "--config", str(gateway.file)]
    environment = {**os.environ, "PYTHONPATH": str(SOURCES)}
    return subprocess.run(command, env=environment, check=True, capture_output=True, timeout=60, text=True).stdout


def test_valkey_that_is_gone_lets_nobody_in_who_is_not_known(
    gateway: Gateway, provider: OpenIdProvider, valkey: ValkeyServer
) -> None:
    browser = Browser(gateway, provider)
    browser.log_in("valkey", "bob")
    unknown = browser.credential()
    browser.ask("/.hotgate/valkey/logout", "POST", origin=f"http://127.0.0.1:{gateway.port}")
    gateway.until(lambda: browser.statuses("valkey", unknown) == {401})
    valkey.kill()
    try:
        assert browser.statuses("valkey", unknown) == {503}
    finally:
        valkey.start()
    gateway.until(lambda: browser.statuses("valkey", unknown) == {401})
