"""The browser that other tests rely on, at the gateway's TLS listener and at the provider's login."""

from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser

from browser import chromium, visitor
from certificate_authority import authority
from integration.conftest import Gateway
from integration.served import serving
from openid_provider import Settings, openid_provider, public_client

pytestmark = pytest.mark.peers

ROUTES = """\
routes:
  - {name: all, match: {path: "/*"}, public: true,
     respond: {status: 200, body: "hello", headers: {Set-Cookie: "__Host-seen=yes; Secure; Path=/; HttpOnly"}}}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    folder = tmp_path_factory.mktemp("gateway")
    authority().issue("app.example.com").save(folder)
    with serving(folder, ROUTES, listener="tls: {certificate: server.pem, key: server.key}") as running:
        yield running


def test_it_keeps_cookies_of_one_host_for_one_visitor(browser: Browser, gateway: Gateway) -> None:
    url = f"https://app.example.com:{gateway.port}/"
    with visitor(browser) as somebody, visitor(browser) as another:
        page = somebody.new_page()
        page.goto(url)
        assert page.inner_text("body") == "hello"
        assert [cookie["name"] for cookie in somebody.cookies()] == ["__Host-seen"]
        assert another.cookies() == []


def test_a_user_signs_in_by_the_providers_form(browser: Browser, gateway: Gateway) -> None:
    back = f"https://app.example.com:{gateway.port}/callback"
    with openid_provider(Settings(clients=[public_client("app", back)])) as provider, visitor(browser) as alice:
        query = {"client_id": "app", "response_type": "code", "scope": "openid", "redirect_uri": back, "state": "abc"}
        query |= {"code_challenge": "x" * 43, "code_challenge_method": "S256"}
        page = alice.new_page()
        page.goto(f"{provider.metadata['authorization_endpoint']}?{urlencode(query)}")
        page.fill("[name=login]", "alice")
        page.click("text=Sign in")
        page.wait_for_url(f"{back}?*")
        assert "state=abc" in page.url
