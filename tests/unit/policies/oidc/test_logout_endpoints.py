"""The three ways out of a session, and how others would use them."""

import asyncio
import json
from typing import Any

import pytest

from hotgate.http.headers import Field
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.sessions.session import Session, Tokens
from hotgate.pipeline.gateway_endpoint import GatewayEndpoint
from hotgate.policies.oidc.asking import Asking
from hotgate.policies.oidc.logout_endpoints import MAX_FORM, MAX_LOGOUT_TOKEN, logout_endpoints
from hotgate.policies.oidc.oidc_settings import OidcSettings
from hotgate.policies.oidc.session_keeping import Kept
from hotgate.testing.exchange import make_exchange

ISSUER = "https://idp.test/realm"
SESSION = Session(
    id="session-1",
    subject="ada",
    claims={},
    created=100.0,
    absolute_end=5000.0,
    seen=100.0,
    sid="sid-1",
    tokens=Tokens(access="at", refresh="rt", id_token="idt"),
)
REMOVAL: Field = (b"set-cookie", b"__Host-hotgate-sso=; Max-Age=0; Path=/; Secure")
AT_PROVIDER = "https://idp.test/end?x=1"


class Scene:
    """session: that of the browser's cookie. answers: what the control process says; without one it is silent."""

    def __init__(self, session: Session | None = SESSION, keep: str = "cookie", **settings: Any) -> None:
        self.asked: list[tuple[str, Any]] = []
        self.session = session
        self.answers: dict[str, Any] = {
            "session.end": True,
            "oidc.logout_url": {"location": AT_PROVIDER},
            "logout.frontchannel": True,
            "logout.backchannel": {"status": 200},
        }
        config = {"issuer": ISSUER, "client": {"id": "gw", "secret": "x"}, "session": {"keep": keep}, **settings}
        endpoints = logout_endpoints(
            OidcSettings.model_validate(config), "/.hotgate/sso", Asking("sso", self._ask), self
        )
        self.endpoints: dict[str, GatewayEndpoint] = {each.path.rsplit("/", 1)[1]: each for each in endpoints}

    async def session_of(self, request: Request) -> Kept | None:
        return None if self.session is None else Kept(self.session, None)

    def removal(self, request: Request) -> tuple[Field, ...]:
        return (REMOVAL,)

    async def _ask(self, about: str, body: Any, wait: float) -> Any:
        self.asked.append((about, json.loads(json.dumps(body))))
        if about not in self.answers:
            raise ConnectionError("gone")
        return self.answers[about]

    def run(self, name: str, *arguments: Any, **options: Any) -> Response:
        answer: Any = self.endpoints[name].answer(make_exchange(*arguments, **options))
        response: Response = asyncio.run(answer)
        return response

    def log_out(self, **headers: str) -> Response:
        return self.run("logout", "POST", "/x", {name.replace("_", "-"): value for name, value in headers.items()})

    def framed(self, query: str) -> Response:
        return self.run("frontchannel-logout", "GET", f"/x?{query}")

    def told(self, body: bytes, content_type: str = "application/x-www-form-urlencoded") -> Response:
        return self.run("backchannel-logout", "POST", "/x", {"content-type": content_type}, body=body)


def test_where_they_are() -> None:
    found = [(each.path, list(each.methods), each.max_body) for each in Scene().endpoints.values()]
    assert found == [
        ("/.hotgate/sso/logout", ["POST"], MAX_FORM),
        ("/.hotgate/sso/frontchannel-logout", ["GET"], 0),
        ("/.hotgate/sso/backchannel-logout", ["POST"], MAX_LOGOUT_TOKEN),
    ]


def test_a_user_logs_out_here_and_at_the_provider() -> None:
    scene = Scene()
    response = scene.log_out()
    assert (response.status, response.header("location")) == (303, AT_PROVIDER)
    assert response.header("cache-control") == "no-store"
    assert REMOVAL in response.headers.fields
    assert scene.asked == [
        ("session.end", {"provider": "sso", "id": "session-1", "expires": 5000.0}),
        (
            "oidc.logout_url",
            {
                "provider": "sso",
                "id_token": "idt",
                "refresh": "rt",
                "access": "at",
                "state": None,
                "return_to": "http://api.example.com/",
            },
        ),
    ]


@pytest.mark.parametrize("answer", [{"location": None}, None])
def test_without_the_provider_it_is_over_here_all_the_same(answer: Any) -> None:
    scene = Scene(after_logout="https://www.test/bye")
    if answer is None:
        del scene.answers["oidc.logout_url"]
    else:
        scene.answers["oidc.logout_url"] = answer
    assert scene.log_out().header("location") == "https://www.test/bye"
    assert scene.asked[0][0] == "session.end"


def test_while_it_cannot_be_ended_nobody_is_told_that_it_was() -> None:
    scene = Scene()
    del scene.answers["session.end"]
    response = scene.log_out()
    assert (response.status, response.code) == (503, "logout-unavailable")
    assert REMOVAL not in response.headers.fields
    assert [about for about, _ in scene.asked] == ["session.end"]


def test_without_a_session_what_is_left_of_its_cookies_goes() -> None:
    scene = Scene(session=None)
    response = scene.log_out()
    assert (response.status, response.header("location")) == (303, "http://api.example.com/")
    assert REMOVAL in response.headers.fields
    assert scene.asked == []


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"sec_fetch_site": "same-origin", "origin": "https://evil.test"},
    ],
)
def test_another_site_logs_nobody_out(headers: dict[str, str]) -> None:
    scene = Scene()
    response = scene.log_out(**headers)
    assert (response.status, response.code) == (403, "cross-site-request")
    assert REMOVAL not in response.headers.fields
    assert scene.asked == []


def test_the_providers_page_ends_the_session_that_it_names() -> None:
    scene = Scene()
    response = scene.framed("iss=https%3A%2F%2Fidp.test%2Frealm&sid=sid-1")
    assert response.status == 200
    assert response.header("content-security-policy") == "frame-ancestors https://idp.test"
    assert response.header("cache-control") == "no-store"
    assert REMOVAL in response.headers.fields
    assert [about for about, _ in scene.asked] == ["session.end"]


def test_a_session_that_is_kept_here_ends_without_its_cookie() -> None:
    scene = Scene(session=None, keep="store")
    assert scene.framed(f"iss={ISSUER}&sid=sid-1").status == 200
    assert scene.asked == [("logout.frontchannel", {"provider": "sso", "sid": "sid-1"})]


def test_a_guessed_sid_writes_nothing_and_ends_nothing() -> None:
    scene = Scene()
    response = scene.framed(f"iss={ISSUER}&sid=guess")
    assert response.status == 200
    assert REMOVAL not in response.headers.fields
    assert scene.asked == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "sid=sid-1",
        f"iss={ISSUER}",
        f"iss={ISSUER}&sid=",
        "iss=https://evil.test&sid=sid-1",
        f"iss={ISSUER}/&sid=sid-1",
        f"iss={ISSUER}&sid=sid-1&sid=sid-2",
        f"iss={ISSUER}&iss=https://evil.test&sid=sid-1",
        f"iss={ISSUER}&sid=" + "x" * 513,
        "&".join(f"a{n}=1" for n in range(20)) + f"&iss={ISSUER}&sid=sid-1",
    ],
)
def test_a_frame_that_does_not_say_both_is_refused(query: str) -> None:
    scene = Scene(keep="store")
    assert scene.framed(query).status == 400
    assert scene.asked == []


def test_a_logout_token_is_judged_by_the_control_process() -> None:
    scene = Scene()
    response = scene.told(b"logout_token=a.b.c")
    assert (response.status, response.body, response.header("cache-control")) == (200, b"", "no-store")
    assert scene.asked == [("logout.backchannel", {"provider": "sso", "logout_token": "a.b.c"})]
    scene.answers["logout.backchannel"] = {"status": 400, "error": "invalid_request"}
    refused = scene.told(b"logout_token=a.b.c")
    assert (refused.status, refused.body) == (400, b'{"error":"invalid_request"}')
    assert refused.header("cache-control") == "no-store"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"logout_token=", "application/x-www-form-urlencoded"),
        (b"logout_token=a&logout_token=b", "application/x-www-form-urlencoded"),
        (b"logout_token=\xff", "application/x-www-form-urlencoded"),
        (b"logout_token=a", "text/plain"),
        (b'{"logout_token":"a"}', "application/json"),
    ],
)
def test_a_form_that_is_none_is_not_asked_about(body: bytes, content_type: str) -> None:
    scene = Scene()
    assert scene.told(body, content_type).status == 400
    assert scene.asked == []


def test_an_outage_is_no_verdict() -> None:
    scene = Scene()
    del scene.answers["logout.backchannel"]
    assert scene.told(b"logout_token=a").status == 503
