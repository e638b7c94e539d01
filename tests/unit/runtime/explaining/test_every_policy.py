"""For each policy and mechanism that there is: what is explained about it, and where it says that it stands."""

import json
import sys
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from certificate_authority import Authority
from hotgate import Exchange, Response, policy
from hotgate.limits.concurrency.outlook import Outlook
from hotgate.limits.limit import Limit
from hotgate.limits.standing import Standing
from hotgate.policies import MECHANISMS, POLICIES
from hotgate.runtime.explaining.peeking import World
from hotgate.runtime.workers.worker_view import WorkerView
from hotgate.testing.issuer import Issuer
from unit.runtime.explaining.asking import explained, marked, written

ISSUER = Issuer()
CLIENT = Authority("authority of clients").issue_client("client-1")
CLERK = {"subject": "alice", "provider": "guests", "mechanism": "jwt", "scopes": ["read"]}


ONE_ROUTE = """\
routes:
  - name: all
    match: {path: "/*", hosts: [localhost]}
    upstream: api
"""


class Case(NamedTuple):
    """text: of the file; the line of what is explained ends with the mark. asked: members of the question. outcome: of
    the step. code: of the answer, if there is one. by: policy and rule that decide, if they deny."""

    text: str
    asked: Mapping[str, Any]
    outcome: str
    code: str = ""
    by: tuple[str, str] = ("", "")


def route(policy: str, *, access: str = "public: true", more: str = "") -> str:
    """A file with one policy, on a line of its own."""
    return f"{more}{ONE_ROUTE}    {access}\n    {policy}  # here\n"


GUESTS = "identity: {guests: {anonymous: {}}}\n"
AS_GUEST = "authenticate: [guests]"
ENDED = '{v1: {sunset: "2020-01-01T00:00:00Z", after_sunset: gone}}'
APIS = f"apis: {{orders: {{by: [{{header: a}}], default: v1, versions: {ENDED}}}}}\n"
POLICY_CASES = {
    "authenticate": Case(
        "identity: {keys: {api_key: {keys: [{id: a, sha256: '"
        + "0" * 64
        + "'}]}}}\n"
        + 'routes:\n  - name: all\n    match: {path: "/*"}\n    upstream: api\n    authenticate: [keys]  # here\n',
        {},
        "refused",
        "token-missing",
        ("authenticate", ""),
    ),
    "authorize": Case(
        route("authorize: {scopes: [write]}", access=AS_GUEST, more=GUESTS),
        {"principal": CLERK},
        "refused",
        "insufficient-scope",
        ("authorize", "scopes"),
    ),
    "rate_limit": Case(
        route("rate_limit: {limit: 1/minute, by: address}"), {}, "refused", "rate-limited", ("rate_limit", "all")
    ),
    "concurrency": Case(
        route("concurrency: {limit: 2, by: address}"), {}, "refused", "concurrency-limited", ("concurrency", "full")
    ),
    "quota": Case(
        route("quota: {limit: 1, per: day, by: address}"), {}, "refused", "quota-exceeded", ("quota", "quota")
    ),
    "buffer_body": Case(
        route("buffer_body: 1KiB"), {"body": "x" * 1025}, "refused", "body-too-large", ("buffer_body", "")
    ),
    "headers": Case(route("headers: {request: {set: {x-a: b}}}"), {}, "passed"),
    "assertion": Case(
        route("assertion: {audience: backend}", access=AS_GUEST, more=GUESTS + "assertion: {issuer: gw}\n"),
        {},
        "passed",
    ),
    "client_certificate_header": Case(route("client_certificate_header: rfc9440"), {}, "passed"),
    "version": Case(route("version: {api: orders}", more=APIS), {}, "refused", "version-gone", ("version", "")),
    "release": Case(route("release: {to: {other: 5%}, rules: [{to: other, header: {a: b}}]}"), {}, "passed"),
    "mirror": Case(route("mirror: {upstream: other}"), {}, "skipped"),
    "policies": Case(
        route('policies: [{use: "explained_policies:closed"}]'), {}, "refused", "closed", ("policies", "")
    ),
}
# Not a step of the route: answers beside it, which are explained as routes of the gateway's own.
WITHOUT_STEPS = {"protected_resource"}


def entry(settings: str, *, at_route: bool = False) -> str:
    """A file with one entry of `identity`, marked where a refusal of it points to."""
    marks = ("", "  # here") if at_route else ("  # here", "")
    return f"identity:\n  one:{marks[0]}\n    {settings}\n{ONE_ROUTE}    authenticate: [one]{marks[1]}\n"


def closed(exchange: Exchange) -> Response:
    return Response.problem(403, code="closed")


def basic(text: bytes) -> Mapping[str, str]:
    return {"authorization": "Basic " + b64encode(text).decode()}


def header(name: str, value: str) -> Mapping[str, Any]:
    return {"headers": {name: value}}


BY_ENTRY = ("authenticate", "one")
MECHANISM_CASES = {
    "jwt": Case(
        entry("jwt: {issuer: 'https://idp.test', audience: api, jwks_file: keys.json}"),
        header("authorization", "Bearer no.token.atall"),
        "refused",
        "token-malformed",
        BY_ENTRY,
    ),
    "introspection": Case(
        entry("introspection: {endpoint: 'https://idp.test/i', audience: api, client: {id: a, secret: abcdefghijkl}}"),
        header("authorization", "Bearer opaque-token-of-somebody"),
        "refused",
        "introspection-unavailable",
        BY_ENTRY,
    ),
    "oidc": Case(
        "store: {}\n"
        + entry("oidc: {issuer: 'https://idp.test', client: {id: a, secret: abcdefghijklmnop}}", at_route=True),
        {},
        "refused",
        "token-missing",
        ("authenticate", ""),
    ),
    "api_key": Case(
        entry("api_key: {keys: [{id: a, sha256: '" + "0" * 64 + "'}]}"),
        header("x-api-key", "a-key-of-nobody-at-all"),
        "refused",
        "key-unknown",
        BY_ENTRY,
    ),
    "mtls": Case(
        entry("mtls: {rules: [{match: {common_name: other}, consumer: x}]}"),
        {"certificate": CLIENT.pem},
        "refused",
        "certificate-unknown",
        BY_ENTRY,
    ),
    "basic": Case(
        entry("basic: {users: {ann: {hash: '$2b$12$" + "a" * 53 + "'}}}"),
        header("authorization", "Basic !!!"),
        "refused",
        "password-malformed",
        BY_ENTRY,
    ),
    "ldap": Case(
        entry("ldap: {url: 'ldaps://ldap.test', user_dn: 'uid={name},dc=test'}"),
        {"headers": basic(b"ann:wrong-password")},
        "refused",
        "password-check-unavailable",
        BY_ENTRY,
    ),
    "signature": Case(
        entry("signature: {keys: {a: {secret: '" + "s" * 40 + "', consumer: a}}}"),
        {"headers": {"signature-input": "sig1=(", "signature": "sig1=:AA==:"}},
        "refused",
        "signature-malformed",
        BY_ENTRY,
    ),
    "hmac": Case(
        entry("hmac: {keys: {a: {secret: '" + "s" * 40 + "', consumer: a}}}"),
        header("authorization", 'HMAC-SHA256 key="a"'),
        "refused",
        "signature-malformed",
        BY_ENTRY,
    ),
    "anonymous": Case(entry("anonymous: {}", at_route=True), {}, "passed"),
}


def used_up(limit: Limit, key: str, cost: int) -> Standing:
    """Nothing is left of anything."""
    return Standing(limit, key, level=0.0, on_lease=0, retry_after=9.0)


async def crowded(*_: object, **__: object) -> list[WorkerView]:
    """No place is free anywhere."""
    return [WorkerView(place=Outlook("full", 0), chances={}, out={})]


def test_there_is_a_case_for_every_policy_and_mechanism() -> None:
    assert POLICY_CASES.keys() | WITHOUT_STEPS == {policy.name for policy in POLICIES}
    assert MECHANISM_CASES.keys() == {mechanism.name for mechanism in MECHANISMS}


@pytest.mark.parametrize(
    "case", [*POLICY_CASES.values(), *MECHANISM_CASES.values()], ids=[*POLICY_CASES, *MECHANISM_CASES]
)
def test_it_says_what_decided_and_at_which_line(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("explained_policies")
    module.closed = policy(closed)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    (tmp_path / "keys.json").write_text(json.dumps(ISSUER.jwks()))
    loaded = written(tmp_path, case.text)
    found = explained(loaded, World(peek=used_up, look=crowded), **case.asked)
    assert (found.code, found.decision) == (case.code, "deny" if case.code else "allow")
    assert case.outcome in {step.outcome for step in found.steps}
    if case.code:
        assert found.by is not None
        assert (found.by.policy, found.by.rule, found.by.at) == (*case.by, marked(loaded))
    else:
        assert marked(loaded) in {step.at for step in found.steps}
