"""A browser logs in at the certified provider, through a gateway with two workers: tabs, refresh, step-up, logout."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from browser import chromium, visitor
from certificate_authority import authority
from free_ports import free_port
from integration.backend import Backend
from integration.conftest import Gateway
from integration.served import serving
from openid_provider import OpenIdProvider, Settings, client, openid_provider
from openid_provider.settings import SECRET, STRONG

pytestmark = pytest.mark.peers

HOST = "app.example.com"
TEXT = """\
store: {{}}
upstreams: {{app: {{targets: ["{backend}"]}}}}
identity:
  sso:
    oidc:
      issuer: {issuer}
      client: {{id: web, secret: "{secret}"}}
      scopes: [profile, offline_access]
      keep_claims: [name]
      title: Company
  second:
    oidc:
      issuer: {issuer}
      client: {{id: second, secret: "{secret}"}}
      session: {{keep: store}}
      title: Partners
routes:
  - {{name: app, match: {{path: "/*"}}, upstream: app, authenticate: [sso]}}
  - {{name: stored, match: {{path: "/stored/*"}}, upstream: app, authenticate: [second]}}
  - {{name: choice, match: {{path: "/choice/*"}}, upstream: app, authenticate: [sso, second]}}
  - {{name: strong, match: {{path: "/strong/*"}}, upstream: app, authenticate: [sso], authorize: {{acr: [{strong}]}}}}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


class Site:
    """What stands behind the address that the browser knows."""

    def __init__(self, gateway: Gateway, provider: OpenIdProvider) -> None:
        self.gateway = gateway
        self.provider = provider
        self.url = f"https://{HOST}:{gateway.port}"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("gateway")
    authority().issue(HOST).save(folder)
    port = free_port()
    urls = [f"https://{HOST}:{port}/.hotgate/{name}/callback" for name in ("sso", "second")]
    home = {"post_logout_redirect_uris": [f"https://{HOST}:{port}/"]}
    clients = [client("web", urls[0], **home), client("second", urls[1], **home)]
    backend = Backend()
    try:
        with openid_provider(Settings(clients=clients, ttl=5)) as provider:
            text = TEXT.format(backend=backend.url, issuer=provider.issuer, secret=SECRET, strong=STRONG)
            with serving(
                folder, text, workers=2, listener="tls: {certificate: server.pem, key: server.key}", port=port
            ) as gateway:
                yield Site(gateway, provider)
    finally:
        backend.stop()


@pytest.fixture
def visitor_of(browser: Browser) -> Iterator[BrowserContext]:
    with visitor(browser) as somebody:
        yield somebody


def sign_in(page: Page, login: str = "alice") -> None:
    page.fill("[name=login]", login)
    page.click("text=Sign in")


def told(page: Page) -> dict[str, Any]:
    """What the backend was asked for the page that is shown."""
    answer: dict[str, Any] = json.loads(page.inner_text("body"))
    answer["fields"] = dict(answer["fields"])
    return answer


def test_a_user_logs_in_returns_to_the_page_and_stays_known(site: Site, visitor_of: BrowserContext) -> None:
    page = visitor_of.new_page()
    page.goto(f"{site.url}/page?a=1")
    sign_in(page)
    page.wait_for_url(f"{site.url}/page?a=1")
    seen = told(page)
    assert seen["fields"]["x-auth-subject"] == "alice"
    assert "cookie" not in seen["fields"]
    assert "code=" not in page.url
    page.goto(f"{site.url}/another")
    assert told(page)["target"] == "/another"
    names = {cookie["name"] for cookie in visitor_of.cookies() if cookie["domain"] == HOST}
    assert "__Host-hotgate-sso" in names


def test_two_tabs_log_in_at_once(site: Site, visitor_of: BrowserContext) -> None:
    first, second = visitor_of.new_page(), visitor_of.new_page()
    first.goto(f"{site.url}/one")
    second.goto(f"{site.url}/two")
    sign_in(first)
    first.wait_for_url(f"{site.url}/one")
    sign_in(second)
    second.wait_for_url(f"{site.url}/two")
    first.goto(f"{site.url}/three")
    assert told(first)["fields"]["x-auth-subject"] == "alice"


def test_a_script_gets_401_and_no_page_of_the_provider(site: Site, visitor_of: BrowserContext) -> None:
    page = visitor_of.new_page()
    page.goto(f"{site.url}/page")
    sign_in(page)
    page.wait_for_url(f"{site.url}/page")
    ask = "async path => (await fetch(path, {redirect: 'error'})).status"
    assert page.evaluate(ask, "/api") == 200
    assert page.evaluate(ask, "/stored/api") == 401


def test_tokens_that_end_are_renewed_without_the_user(site: Site, visitor_of: BrowserContext) -> None:
    """The provider's tokens live for less than what is left to a backend: each look at the session renews them."""
    page = visitor_of.new_page()
    page.goto(f"{site.url}/page")
    before = site.provider.requests("/token")
    sign_in(page)
    page.wait_for_url(f"{site.url}/page")
    assert told(page)["fields"]["x-auth-subject"] == "alice"
    assert site.provider.requests("/token") >= before + 2


def test_a_page_that_demands_more_is_reached_by_a_stronger_login(site: Site, visitor_of: BrowserContext) -> None:
    page = visitor_of.new_page()
    page.goto(f"{site.url}/page")
    sign_in(page)
    page.wait_for_url(f"{site.url}/page")
    page.goto(f"{site.url}/strong/x")
    if "/interaction/" in page.url:
        sign_in(page)
    page.wait_for_url(f"{site.url}/strong/x")
    assert told(page)["target"] == "/strong/x"


def test_a_user_chooses_where_to_log_in(site: Site, visitor_of: BrowserContext) -> None:
    page = visitor_of.new_page()
    page.goto(f"{site.url}/choice/x?a=b")
    assert page.inner_text("h1") == "Log in"
    page.click("text=Partners")
    sign_in(page, "bob")
    page.wait_for_url(f"{site.url}/choice/x?a=b")
    assert told(page)["fields"]["x-auth-provider"] == "second"
    cookie = next(each for each in visitor_of.cookies() if each["name"] == "__Host-hotgate-second")
    assert len(cookie["value"]) < 128


def test_a_logout_ends_every_copy_of_the_session(site: Site, visitor_of: BrowserContext, browser: Browser) -> None:
    page = visitor_of.new_page()
    page.goto(f"{site.url}/page")
    sign_in(page)
    page.wait_for_url(f"{site.url}/page")
    copies = [each for each in visitor_of.cookies() if each["name"] == "__Host-hotgate-sso"]
    page.evaluate("fetch('/.hotgate/sso/logout', {method: 'POST', redirect: 'manual'})")
    with visitor(browser) as thief:
        thief.add_cookies(copies)  # type: ignore[arg-type]
        stolen = thief.new_page()
        site.gateway.until(lambda: "/interaction/" in _visited(stolen, f"{site.url}/page"))


@pytest.mark.parametrize("name", ['"{}"', "\xa0{}", "{}"])
def test_a_neighbouring_host_plants_no_session(
    site: Site, visitor_of: BrowserContext, browser: Browser, name: str
) -> None:
    """Browsers take such names for others than `__Host-…`, from every host of the domain."""
    page = visitor_of.new_page()
    page.goto(f"{site.url}/page")
    sign_in(page)
    page.wait_for_url(f"{site.url}/page")
    own = next(each for each in visitor_of.cookies() if each["name"] == "__Host-hotgate-sso")
    with visitor(browser) as victim:
        planting = victim.new_page()
        neighbour = "https://neighbour.example.com/"
        planting.route(neighbour, lambda route: route.fulfill(status=200, content_type="text/html", body=""))
        planting.goto(neighbour)
        planted = f"{name.format(own['name'])}={own['value']}; domain=example.com; path=/; secure"
        planting.evaluate("cookie => { document.cookie = cookie }", planted)
        assert "/interaction/" in _visited(victim.new_page(), f"{site.url}/page")


def _visited(page: Page, url: str) -> str:
    page.goto(url)
    return page.url
