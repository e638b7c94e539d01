"""What `hotgate check` says of decision points, at the key where it is wrong."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from hotgate.config.errors import ConfigurationErrors
from hotgate.runtime.compiling.load import check_compiles, load_configuration

AT = "authorization.decision_points.p"
STORE = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
SCHEMA = 'entity User; entity Route; action "GET" appliesTo { principal: [User], resource: [Route], context: {} };'
POLICY = 'permit(principal, action == Action::"GET", resource);'


def told(folder: Path, points: dict[str, Any], decide: list[Any], **more: Any) -> list[str]:
    """Errors, or warnings if there are none: `key: message`."""
    (folder / "schema.cedarschema").write_text(SCHEMA)
    (folder / "good.cedar").write_text(POLICY)
    (folder / "misspelt.cedar").write_text("permit(principal, action, resource) when { principal.nme == 1 };")
    (folder / "broken.cedar").write_text("permit(")
    (folder / "many.cedar").write_text(POLICY * 1001)
    (folder / "odd.json").write_text('[{"uid": {"type": "Nobody", "id": "1"}, "attrs": {}, "parents": []}]')
    users = ", ".join(f'{{"uid": {{"type": "User", "id": "{n}"}}, "attrs": {{}}, "parents": []}}' for n in range(1001))
    (folder / "users.json").write_text(f"[{users}]")
    route = {"name": "r", "match": {"path": "/{id}"}, "upstream": "api", "public": True}
    tree = {
        "listeners": [{"name": "web", "bind": "127.0.0.1:8080"}],
        "upstreams": {"api": {"targets": ["http://127.0.0.1:1"]}, "pdp": {"targets": ["http://127.0.0.1:2"]}},
        "authorization": {"decision_points": points},
        "routes": [{**route, "authorize": {"decide": decide}}],
        "access_log": {"path": str(folder / "log")},
        **more,
    }
    file = folder / "hotgate.yaml"
    file.write_text(yaml.safe_dump(tree))
    try:
        loaded = load_configuration(file)
        check_compiles(loaded)
    except ConfigurationErrors as error:
        return [f"{each.path}: {each.message}" for each in error.errors]
    return [f"{each.path}: {each.message}" for each in loaded.warnings]


EXT_AUTHZ = "authorization.decision_points.p.ext_authz.allowed_headers[0]"


def cedar(**settings: Any) -> dict[str, Any]:
    return {"p": {"cedar": {"policies": ["good.cedar"], "schema": "schema.cedarschema", **settings}}}


def authzen(**settings: Any) -> dict[str, Any]:
    return {"p": {"authzen": {"upstream": "pdp", **settings}}}


def opa(**point: Any) -> dict[str, Any]:
    return {"p": {"opa": {"upstream": "pdp", "path": "/v1/data/a"}, **point}}


@pytest.mark.parametrize(
    ("points", "decide", "key", "says"),
    [
        (authzen(upstream="pdq"), ["p"], f"{AT}.authzen.upstream", "no upstream 'pdq'"),
        (authzen(), ["q"], "routes[0].authorize.decide[0]", "no decision point 'q'"),
        (authzen(), [{"point": "q"}], "routes[0].authorize.decide[0].point", "no decision point 'q'"),
        ({"p": {}}, ["p"], AT, "exactly one of"),
        (cedar() | {"p": {**cedar()["p"], "timeout": "1s"}}, ["p"], AT, "`timeout` is"),
        (authzen(ask={"subject": {"id": "principal.subjct"}}), ["p"], f"{AT}.authzen.ask.subject.id", "did you mean"),
        (authzen(ask={"subject": {"id": "1"}}), ["p"], f"{AT}.authzen.ask.subject.id", "must be string"),
        (authzen(ask={"action": {"name": "read"}}), ["p"], f"{AT}.authzen.ask.action.name", "of its own: \"'read'\""),
        (
            authzen(),
            [{"point": "p", "ask": {"resource": {"id": "path.idd"}}}],
            "routes[0].authorize.decide[0].ask.resource.id",
            "no attribute 'path.idd'",
        ),
        (authzen(), [{"point": "p", "ask": {"res": {}}}], "routes[0].authorize.decide[0].ask.res", "unknown key 'res'"),
        (authzen(ask={"context": {"b": "body.x"}}), ["p"], f"{AT}.authzen.ask.context.b", "say how large it may be"),
        (opa(cache={"for": "1s", "key": ["path.id", "claims.x"]}), ["p"], f"{AT}.cache.key[1]", "must be string"),
        (opa(cache={"for": "1s", "key": []}), ["p"], f"{AT}.cache.key", "needs 1 or more"),
        ({"p": {"ext_authz": {"upstream": "pdp", "allowed_headers": ["x-*"]}}}, ["p"], EXT_AUTHZ, "no patterns"),
        (opa(opa={"upstream": "pdp", "path": "/v2/x"}), ["p"], f"{AT}.opa.path", "/v1/data"),
        ({"p": {"openfga": {"upstream": "pdp", "store": STORE}}}, ["p"], "routes[0].authorize.decide[0]", "`relation`"),
        (
            authzen(headers_to_upstream=["X_Auth_Subject"]),
            ["p"],
            f"{AT}.authzen.headers_to_upstream[0]",
            "letters, digits",
        ),
        (
            authzen(headers_to_upstream=["X-Auth-Subject"]),
            ["p"],
            f"{AT}.authzen.headers_to_upstream[0]",
            "written by the gateway",
        ),
        (
            authzen(headers_to_client=["Transfer-Encoding"]),
            ["p"],
            f"{AT}.authzen.headers_to_client[0]",
            "written by the gateway",
        ),
        (
            authzen(headers={"Host": "x"}),
            ["p"],
            f"{AT}.authzen.headers.Host",
            "other meaning",
        ),
        (
            cedar(policies=["good.cedar", "misspelt.cedar"]),
            ["p"],
            f"{AT}.cedar.policies[1]",
            "`nme` on entity type `User` not found",
        ),
        (
            cedar(policies=["broken.cedar"]),
            ["p"],
            f"{AT}.cedar.policies[0]",
            "unexpected end",
        ),
        (cedar(policies=["many.cedar"]), ["p"], f"{AT}.cedar.policies", "1,001 policies"),
        (cedar(schema="good.cedar"), ["p"], f"{AT}.cedar.schema", "cannot be used"),
        (cedar(entities="odd.json"), ["p"], f"{AT}.cedar.entities", "cannot be used"),
        (cedar(entities="none.json"), ["p"], f"{AT}.cedar.entities", "No such file"),
        (
            cedar(entities="users.json", ask={"principal": {"attributes": {"a": "'b'"}}}),
            ["p"],
            "routes[0].authorize.decide[0]",
            "at most 1,000",
        ),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(
    tmp_path: Path, points: dict[str, Any], decide: list[Any], key: str, says: str
) -> None:
    found = told(tmp_path, points, decide)
    assert [each for each in found if each.startswith(f"{key}: ") and says in each], found


def test_nothing_is_wrong_with_what_is_right(tmp_path: Path) -> None:
    points = {**authzen(), "c": cedar(entities="users.json")["p"]}
    assert told(tmp_path, points, ["p", "c", {"point": "p", "ask": {"resource": {"id": "path.id"}}}]) == []


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"credentials": {"aws_sigv4": {"region": "eu-west-1", "service": "x"}}}, "credentials.aws_sigv4"),
        ({"proxy_protocol": "v2"}, "proxy_protocol"),
    ],
)
def test_an_upstream_must_be_one_that_can_be_asked(tmp_path: Path, settings: dict[str, Any], says: str) -> None:
    pdp = {"targets": ["http://127.0.0.1:2"], "host": "upstream", **settings}
    upstreams = {"api": {"targets": ["http://127.0.0.1:1"]}, "pdp": pdp}
    if "credentials" in settings:
        settings["credentials"]["aws_sigv4"] |= {"access_key_id": "AKIA", "secret_access_key": "x"}
    found = told(tmp_path, authzen(), ["p"], upstreams=upstreams)
    assert [each for each in found if each.startswith(f"{AT}.authzen.upstream") and says in each], found


def test_weak_choices_and_useless_entries_are_warned_of(tmp_path: Path) -> None:
    upstreams = {"api": {"targets": ["http://127.0.0.1:1"]}, "pdp": {"targets": ["http://10.0.0.1:2"]}}
    found = "\n".join(told(tmp_path, {**opa(on_failure="allow"), "q": opa()["p"]}, ["p"], upstreams=upstreams))
    assert "p.on_failure: whoever can make this decision point fail gets past it" in found
    assert "p.opa.upstream: whoever is on the way reads what is asked" in found
    assert "decision_points.q: decision point 'q' is not asked by any route" in found
    assert "upstream 'pdp'" not in found


def test_a_service_that_is_asked_at_any_of_its_endpoints_is_warned_of(tmp_path: Path) -> None:
    open_to_all = {"p": {"ext_authz": {"upstream": "pdp"}}}
    assert [each for each in told(tmp_path, open_to_all, ["p"]) if each.startswith(f"{AT}.ext_authz: clients choose")]
    assert told(tmp_path, {"p": {"ext_authz": {"upstream": "pdp", "path_prefix": "/check"}}}, ["p"]) == []


def test_a_missing_library_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cedarpy", None)
    assert [each for each in told(tmp_path, cedar(), ["p"]) if "pip install 'hotgate[cedar]'" in each]


def test_what_a_policy_says_is_not_shown_by_the_model(tmp_path: Path) -> None:
    told(tmp_path, cedar(), ["p"])
    loaded = load_configuration(tmp_path / "hotgate.yaml")
    assert "permit" not in repr(loaded.config)
    assert tmp_path / "good.cedar" in loaded.files  # so that a change of it is a reload
