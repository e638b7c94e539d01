"""What is explained of a request, whatever it is, and that nobody notices."""

import asyncio
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hotgate import Exchange, Response, policy
from hotgate.cli.explained_text import text_of
from hotgate.http.headers import Headers
from hotgate.identity.verification_keys.key_sets import key_set_name
from hotgate.limits.limit import Limit
from hotgate.limits.standing import Standing
from hotgate.pipeline.decision import Decision
from hotgate.runtime.desks.answers import NotAsked
from hotgate.runtime.explaining.explainer import Explainer
from hotgate.runtime.explaining.peeking import World
from hotgate.store.errors import StoreUnavailable
from hotgate.testing.issuer import Issuer
from unit.runtime.explaining.asking import explained, marked, question, written

ISSUER = Issuer()
TOKENS = """\
identity:
  corp:
    jwt: {issuer: "https://idp.test", audience: api, jwks_url: "https://idp.test/keys", single_use: true}
routes:
  - name: orders
    match: {path: "/orders/{id}", methods: [GET]}
    upstream: api
    authenticate: [corp]
    authorize: {scopes: ["orders:read"]}  # here
    rate_limit: {limit: 2/hour}
    rewrite: {path: "/v1/orders/{id}"}
"""
NAME = key_set_name("corp", "https://idp.test/keys")


class Gateway:
    """What is asked of a running one. used: tokens for one use. peeked: keys of limits."""

    def __init__(self) -> None:
        self.used: set[str] = set()
        self.asked: list[str] = []
        self.peeked: list[str] = []
        self.left = 2

    def world(self) -> World:
        return World(documents=lambda: {NAME: DOCUMENT}, ask=self.ask, peek=self.peek)

    async def ask(self, about: str, body: Any, wait: float | None = None) -> Any:
        self.asked.append(about)
        if about != "single_use":
            raise NotAsked(about)
        return body["jti"] not in self.used

    def peek(self, limit: Limit, key: str, cost: int) -> Standing:
        self.peeked.append(key)
        return Standing(limit, key, level=self.left - 1, on_lease=1, retry_after=0.0)


DOCUMENT = ISSUER.jwks()


def bearer(**claims: Any) -> dict[str, str]:
    facts = {"iss": "https://idp.test", "aud": "api", "sub": "alice", "exp": 4e9, "jti": "j1", **claims}
    return {"authorization": f"Bearer {ISSUER.token(facts).decode()}"}


def test_a_request_that_is_allowed_shows_what_the_backend_would_get(tmp_path: Path) -> None:
    gateway = Gateway()
    found = explained(written(tmp_path, TOKENS), gateway.world(), headers=bearer(scope="orders:read"))
    assert (found.decision, found.status, found.route) == ("allow", None, "orders")
    assert (found.upstream, found.upstream_path) == ("api", "/v1/orders/7")
    assert found.path == "/orders/7"
    assert found.parameters == {"id": "7"}
    assert found.principal is not None
    assert (found.principal["subject"], found.principal["provider"]) == ("alice", "corp")
    assert [step.outcome for step in found.steps] == ["passed"] * 4
    (limit,) = found.steps[2].limits
    assert (limit.key, limit.remaining, limit.known) == ("principal corp/alice", 1, True)


def test_a_token_for_one_use_may_be_asked_about_again_and_again(tmp_path: Path) -> None:
    gateway, loaded = Gateway(), written(tmp_path, TOKENS)
    for _ in range(3):
        assert explained(loaded, gateway.world(), headers=bearer(scope="orders:read")).decision == "allow"
    assert gateway.asked == ["single_use"] * 3
    gateway.used.add("j1")
    found = explained(loaded, gateway.world(), headers=bearer(scope="orders:read"))
    assert (found.decision, found.code) == ("deny", "token-already-used")


def test_why_it_was_denied_and_where(tmp_path: Path) -> None:
    loaded = written(tmp_path, TOKENS)
    found = explained(loaded, Gateway().world(), headers=bearer(scope="orders:write"))
    assert found.code == "insufficient-scope"
    assert found.by is not None
    assert found.by.at == marked(loaded)
    assert [step.policy for step in found.steps] == ["authenticate", "authorize"]


def test_no_secret_of_the_request_is_repeated(tmp_path: Path) -> None:
    headers = {**bearer(scope="x", email="ann@example.com"), "cookie": "a=very-secret", "x-other": "hidden-value"}
    found = explained(
        written(tmp_path, TOKENS), Gateway().world(), headers=headers, target="/orders/7?key=query-secret"
    )
    text = found.model_dump_json()
    for secret in (headers["authorization"][7:40], "very-secret", "hidden-value", "query-secret", "ann@example.com"):
        assert secret not in text


def test_the_time_of_a_question_is_that_of_its_credentials(tmp_path: Path) -> None:
    loaded, token = written(tmp_path, TOKENS), bearer(scope="orders:read", exp=1_900_000_000, iat=1_800_000_000)
    before, after = "2029-01-01T00:00:00Z", "2031-01-01T00:00:00Z"
    assert explained(loaded, Gateway().world(), headers=token, at=before).decision == "allow"
    assert explained(loaded, Gateway().world(), headers=token, at=after).code == "token-expired"


def test_a_caller_may_be_given(tmp_path: Path) -> None:
    loaded = written(tmp_path, TOKENS)
    found = explained(loaded, principal={"subject": "bob", "scopes": ["orders:read"]})
    assert (found.decision, found.steps[0].outcome) == ("allow", "skipped")
    stranger = explained(loaded, principal={"subject": "bob", "provider": "other", "scopes": ["orders:read"]})
    assert stranger.code == "token-missing"
    assert "the route does not ask other, so its callers count as nobody here" in stranger.steps[0].notes


@pytest.mark.parametrize(
    ("asked", "code", "near"),
    [
        ({"method": "POST"}, "method-not-allowed", "orders: it is for GET, not POST"),
        ({"target": "/order/7"}, "route-not-found", "orders: its path is /orders/{id}"),
        ({"target": "/order/a-long-name-of-a-file.json"}, "route-not-found", "orders: its path is /orders/{id}"),
        ({"target": "/orders/7/8"}, "route-not-found", "orders: its path is /orders/{id}"),
        ({"target": "/files/7"}, "route-not-found", None),
        ({"target": "/a%2Fb"}, "target-invalid", None),
        ({"target": "/orders/7", "host": "a b" * 0 + "["}, "target-invalid", None),
    ],
)
def test_why_no_route_matched(asked: dict[str, Any], code: str, near: str | None, tmp_path: Path) -> None:
    found = explained(written(tmp_path, TOKENS), **asked)
    assert (found.decision, found.code, found.route) == ("deny", code, "")
    assert found.near == ([] if near is None else [near])


def test_what_a_route_asks_besides_its_path_is_said(tmp_path: Path) -> None:
    loaded = written(
        tmp_path,
        'routes: [{name: a, match: {path: "/orders/*", hosts: [a.test], headers: {x-version: "2"}, query: {q: "*"}}, '
        "public: true, upstream: api}]\n",
    )
    (near,) = explained(loaded, host="b.test").near
    assert near == (
        "a: it is for the host a.test, not b.test; it asks for the header x-version to be '2'; "
        "it asks for the query parameter q"
    )
    right: dict[str, Any] = {"host": "a.test", "headers": {"x-version": "2"}, "target": "/orders/7?q=1"}
    assert explained(loaded, **right).decision == "allow"


def test_a_body_that_is_too_large_is_refused_as_it_would_be(tmp_path: Path) -> None:
    text = 'routes: [{name: a, match: {path: "/*"}, public: true, upstream: api, max_body: 4B}]\n'
    loaded = written(tmp_path, text)
    assert explained(loaded, method="POST", body="12345").code == "body-too-large"
    assert explained(loaded, method="POST", body="1234").decision == "allow"


def test_fields_that_only_the_gateway_may_set_are_taken_away_first(tmp_path: Path) -> None:
    text = 'routes: [{name: a, match: {path: "/*", headers: {x-auth-subject: admin}}, public: true, upstream: api}]\n'
    assert explained(written(tmp_path, text), headers={"X-Auth-Subject": "admin"}).code == "route-not-found"


def test_banned_addresses_are_told_that_they_are(tmp_path: Path) -> None:
    world = World(bans=lambda: {"a\x00192.0.2.1": 60.0})
    found = explained(written(tmp_path, TOKENS), world, client="192.0.2.1", headers=bearer())
    assert found.code == "too-many-failures"
    assert found.by is not None
    assert found.by.policy == "brute_force"
    assert explained(written(tmp_path, TOKENS), world, client="192.0.2.2").code == "token-missing"


def test_questions_wait_for_their_turn(tmp_path: Path) -> None:
    """The clock and the limits are those of one question."""

    async def ask() -> list[str]:
        explainer = Explainer(written(tmp_path, TOKENS), Gateway().world())
        token = bearer(scope="orders:read", exp=1_900_000_000, iat=1_800_000_000)
        times = ["2029-01-01T00:00:00Z", "2031-01-01T00:00:00Z"] * 5
        answers = [explainer.explain(question({"headers": token, "at": at})) for at in times]
        return [each.code for each in await asyncio.gather(*answers)]

    assert asyncio.run(ask()) == ["", "token-expired"] * 5


def test_an_explanation_is_json(tmp_path: Path) -> None:
    found = explained(written(tmp_path, TOKENS), Gateway().world(), headers=bearer(scope="\ud800 x"))
    assert json.loads(found.model_dump_json())["decision"] == "deny"


def test_a_denial_may_be_a_redirect(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a service for `ext_authz` that sends people to a login."""

    @policy(phase="authorize")
    def sent_away(exchange: Exchange) -> Response:
        exchange.decision = Decision("authorize", "authz", ("routes", 0), allowed=False)
        return Response(302, Headers([(b"location", b"https://login.example.com/")]))

    module = ModuleType("login_page")
    module.sent_away = sent_away  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "login_page", module)
    route = '{name: a, match: {path: "/*"}, public: true, upstream: api, policies: [{use: "login_page:sent_away"}]}'
    found = explained(written(tmp_path, f"routes: [{route}]\n"))
    assert (found.decision, found.status, found.by and found.by.rule) == ("deny", 302, "authz")


def test_a_policy_that_fails_or_returns_nonsense_denies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("explained_failures")

    def fails(exchange: Exchange) -> Response | None:
        raise RuntimeError("with a secret")

    module.fails = policy(fails)  # type: ignore[attr-defined]
    module.nonsense = policy(lambda exchange: True)  # type: ignore[attr-defined, arg-type, return-value]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for name in ("fails", "nonsense"):
        uses = f'policies: [{{use: "explained_failures:{name}"}}]'
        text = f'routes: [{{name: a, match: {{path: "/*"}}, public: true, upstream: api, {uses}}}]\n'
        found = explained(written(tmp_path, text))
        assert (found.decision, found.code, found.steps[0].outcome) == ("deny", "policy-failed", "failed")
        assert "secret" not in found.model_dump_json()


VERSIONED = """\
apis: {orders: {by: [{header: api-version}], default: v1, versions: {v1: {}, v2: {}}}}
routes:
  - name: orders
    match: {path: "/orders/*", hosts: [localhost]}
    public: true
    upstream: api
    version: {api: orders}
    release: {to: {other: 0%}, rules: [{to: other, header: {x-canary: "1"}}]}
"""


def test_a_version_that_nobody_has_and_a_side_that_was_chosen(tmp_path: Path) -> None:
    loaded = written(tmp_path, VERSIONED)
    refused = explained(loaded, headers={"api-version": "3"})
    assert (refused.decision, refused.code) == ("deny", "version-unknown")
    assert explained(loaded).upstream == "api"
    assert explained(loaded, headers={"x-canary": "1"}).upstream == "other"


def test_what_is_explained_takes_no_place_from_what_is_explained_next(tmp_path: Path) -> None:
    loaded = written(
        tmp_path,
        """\
routes:
  - name: all
    match: {path: "/*"}
    upstream: api
    public: true
    max_concurrent: 1
    concurrency: {limit: 1, queue: 0}
""",
    )

    async def ask() -> list[str]:
        explainer = Explainer(loaded, World())
        return [(await explainer.explain(question({}))).decision for _ in range(3)]

    assert asyncio.run(ask()) == ["allow"] * 3


DRY = """\
routes:
  - name: all
    match: {path: "/*"}
    public: true
    upstream: api
    rate_limit: {name: trial, limit: 1/minute, by: address, dry_run: true}
"""


def test_what_a_dry_run_would_refuse_is_told_to_who_asks_and_to_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    world = World(peek=lambda limit, key, cost: Standing(limit, key, level=0.0, on_lease=0, retry_after=9.0))
    with caplog.at_level("INFO", "hotgate"):
        found = explained(written(tmp_path, DRY), world)
    assert found.decision == "allow"
    assert found.steps[0].notes == ["dry run: limit trial: more than 1 in 1m by address"]
    assert "  dry run: limit trial: more than 1 in 1m by address" in text_of(found)
    assert not caplog.records


RELEASE = """\
routes:
  - {name: shop, match: {path: "/*"}, public: true, upstream: api, release: {to: {other: 0%}}}
"""


def test_a_release_is_as_operators_have_left_it(tmp_path: Path) -> None:
    routes: dict[str, Any] = {}
    explainer = Explainer(written(tmp_path, RELEASE), World(releases=lambda: {"routes": routes}))

    def upstream() -> str:
        return asyncio.run(explainer.explain(question({}))).upstream

    assert upstream() == "api"
    routes["shop"] = {"shares": {"other": 1.0}, "closed": []}
    assert upstream() == "other"
    routes.clear()
    assert upstream() == "api"


def test_a_host_may_be_given_as_a_field(tmp_path: Path) -> None:
    text = 'routes: [{name: shop, match: {path: "/*", hosts: [shop.test]}, public: true, upstream: api}]\n'
    loaded = written(tmp_path, text)
    assert explained(loaded, headers={"Host": "shop.test"}).decision == "allow"
    assert explained(loaded, headers={"host": "shop.test"}, host="other.test").code == "route-not-found"
    assert explained(loaded, headers={"host": ["shop.test", "other.test"]}).status == 400


QUOTA = """\
routes:
  - {name: all, match: {path: "/*"}, public: true, upstream: api, quota: {limit: 3, per: day, by: address}}
"""


@pytest.mark.parametrize(("left", "code", "is_known"), [(2, "", True), (0, "quota-exceeded", True), (None, "", False)])
def test_a_quota_is_looked_up_where_it_is_kept(left: int | None, code: str, is_known: bool, tmp_path: Path) -> None:
    async def find(limit: Limit, key: str) -> int:
        if left is None:
            raise StoreUnavailable("the disk is full")
        return left

    found = explained(written(tmp_path, QUOTA), World(peek=lambda limit, key, cost: None, left=find))
    (limit,) = found.steps[0].limits
    assert (found.code, limit.known) == (code, is_known)
