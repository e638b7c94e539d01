"""Configuration → snapshot: what is wrong is found all at once, and with its place."""

from typing import Any

import pytest

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.identity.verification_keys.key_sets import KeySets
from hotgate.limits.lease_client import LeaseClient
from hotgate.observe.metrics import WorkerMetrics
from hotgate.runtime.compiling.compile import compile_configuration
from hotgate.runtime.compiling.compiled import Compiled, Parts
from hotgate.runtime.compiling.model import built_in_model
from hotgate.runtime.compiling.problems import CompileProblems
from hotgate.testing import FakeClock

MODEL = built_in_model()


def compiled(routes: list[dict[str, Any]], **more: Any) -> Compiled:
    clock = FakeClock()
    settings = {
        "listeners": [{"name": "web", "bind": "127.0.0.1:0", "trusted_proxies": ["192.0.2.0/24"]}],
        "upstreams": {"api": {"targets": ["http://127.0.0.1:9"]}},
        "routes": routes,
        **more,
    }
    services = {"limiter": LeaseClient(lambda message: None, clock), "key_sets": KeySets(clock)}
    return compile_configuration(MODEL.model_validate(settings), Parts(services, WorkerMetrics()))


def route(name: str, path: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "match": {"path": path}, "upstream": "api", "public": True, **more}


def test_a_snapshot() -> None:
    snapshot = compiled([route("one", "/one"), route("rest", "/*")], limits={"keep_alive": "7s"}).snapshot
    found = snapshot.table.find(Request("GET", "/one", Headers()))
    assert found is not None
    assert found[0].name == "one"
    assert snapshot.timeouts.idle == 7
    assert snapshot.listeners["web"].trusted_proxies.trusts("192.0.2.7")
    assert not snapshot.listeners["web"].trusted_proxies.trusts("198.51.100.1")
    assert snapshot.unmatched.target is None


def test_every_problem_is_found() -> None:
    routes = [
        route("bad", "/a", policies=[{"use": "no.such.module:policy"}]),
        route("first", "/same"),
        route("second", "/same"),
    ]
    with pytest.raises(CompileProblems) as caught:
        compiled(routes)
    assert [problem.path for problem in caught.value.problems] == [
        ("routes", 0, "policies"),
        ("routes", 2, "match"),
    ]
    assert "no.such.module" in str(caught.value)


def test_routes_that_are_told_apart_are_no_problem() -> None:
    one = route("one", "/same")
    one["match"]["methods"] = ["GET"]
    two = route("two", "/same")
    two["match"]["methods"] = ["POST"]
    assert compiled([one, two]).config.routes[1].name == "two"


def test_a_signing_key_that_cannot_be_used_is_found_and_not_shown() -> None:
    with pytest.raises(CompileProblems) as problems:
        compiled([], assertion={"keys": ["hunter2"]})
    (problem,) = problems.value.problems
    assert problem.path == ("assertion", "keys", 0)
    assert "hunter2" not in problem.message


def credentials(**ways: Any) -> dict[str, Any]:
    return {"api": {"targets": ["https://a.example", "https://b.example"], "host": "upstream", "credentials": ways}}


TOKEN = {"token_url": "https://idp.example.com/token", "client": {"id": "gateway", "secret": "s"}}
AWS = {"region": "eu-central-1", "service": "s3", "access_key_id": "a", "secret_access_key": "b"}


@pytest.mark.parametrize(
    ("ways", "path", "says"),
    [
        ({"aws_sigv4": AWS}, ("upstreams", "api", "credentials"), "names one Host"),
        ({"token_exchange": {**TOKEN, "audience": "x"}}, ("routes", 0, "public"), "here is none"),
    ],
)
def test_credentials_that_cannot_work(ways: dict[str, Any], path: tuple[str | int, ...], says: str) -> None:
    with pytest.raises(CompileProblems) as caught:
        compiled([route("one", "/*")], upstreams=credentials(**ways))
    (problem,) = caught.value.problems
    assert problem.path == path
    assert says in problem.message


def test_an_upstream_without_credentials_costs_its_routes_no_step() -> None:
    found = compiled([route("one", "/*")]).snapshot.table.find(Request("GET", "/", Headers()))
    assert found is not None
    assert found[0].before == found[0].after == ()


def test_authorities_of_a_directory_that_cannot_be_read_are_found() -> None:
    no_ca = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    directory = {"url": "ldaps://ldap.example", "user_dn": "uid={name},dc=x", "ca": [no_ca]}
    with pytest.raises(CompileProblems) as caught:
        compiled([], identity={"staff": {"ldap": directory}})
    (problem,) = caught.value.problems
    assert problem.path[:2] == ("identity", "staff")
    assert "`ca`" in problem.message


def test_a_burst_that_a_rate_refuses_costs_nothing_of_a_quota() -> None:
    limits = {"quota": {"limit": 9, "per": "day"}, "concurrency": {"limit": 9}, "rate_limit": {"limit": "9/s"}}
    found = compiled([route("one", "/*", **limits)]).snapshot.table.find(Request("GET", "/", Headers()))
    assert found is not None
    assert [label.policy for label in found[0].labels if label.phase == "limit"] == [
        "concurrency",
        "rate_limit",
        "quota",
    ]
