"""`when`: what it may look at, and that whatever cannot be decided is denied."""

from datetime import UTC, datetime
from typing import Any

import pytest

from hotgate.pipeline.policy import WrongSetting, WrongSettings
from hotgate.policies.authorization.settings import AuthorizeSettings
from hotgate.testing import make_exchange
from unit.policies.authorization.authorizing import PLACE, asked, caller, compiled, decided

OWNER = {"when": "path.owner == principal.subject"}
ALICE = caller(subject="alice", claims={"level": 3})


def test_a_condition_decides() -> None:
    steps = compiled(OWNER)
    own = make_exchange(principal=ALICE, params={"owner": "alice"})
    assert decided(steps, own) == ("", "when", True, "its condition holds")
    assert own.decision is not None
    assert own.decision.path == (*PLACE, "when")
    assert {name: read(own) for name, read in own.decision.attributes.items()} == {
        "path.owner": "alice",
        "principal.subject": "alice",
    }
    other = make_exchange(principal=ALICE, params={"owner": "bob"})
    assert decided(steps, other) == ("forbidden", "when", False, "its condition does not hold")


@pytest.mark.parametrize(
    "owner", ["Alice", "alice ", "ALICE", "alice\x00", "alice\x00x", "\uff41lice", "alice/", "%61lice", ""]
)
def test_path_parameters_are_compared_as_they_are(owner: str) -> None:
    assert decided(compiled(OWNER), make_exchange(principal=ALICE, params={"owner": owner}))[0] == "forbidden"


@pytest.mark.parametrize(
    ("when", "path", "says"),
    [
        ("claims.department == 'x'", "/", "a member is not there"),
        ("int(request.query.n) < 5", "/?n=99999999999999999999999", ""),
        ("int(request.query.n) + 9223372036854775807 > 0", "/?n=1", "overflow"),
        ('request.query.role == "user"', "/?role=user&role=admin", "twice"),
        ('request.query.role == "user"', "/?role=user&%72ole=admin", "twice"),
        ("request.query.n.matches(request.query.n)", "/?n=(", "regular expression"),
        ("request.client.inNetwork(request.query.n)", "/?n=x", ""),
        ('request.query.n == "ada"', "/?n=ada%00x", "NUL"),
        ('request.query.exists(name, name == "ada")', "/?ada%00x=1", "NUL"),
    ],
)
def test_a_condition_that_fails_denies_and_the_reason_is_in_the_log(when: str, path: str, says: str) -> None:
    response = asked(compiled({"when": when}), make_exchange(path=path, principal=ALICE))
    assert response is not None
    assert (response.status, response.code) == (403, "forbidden")
    assert response.log_detail.startswith("when: the condition failed: ")
    assert says in response.log_detail
    assert len(response.log_detail) < 400
    assert b"failed" not in (response.body or b"")


def test_time_has_zones() -> None:
    steps = compiled({"when": 'now.getHours("Europe/Berlin") >= 8'})
    summer, winter = datetime(2026, 7, 1, 6, 30, tzinfo=UTC), datetime(2026, 1, 1, 6, 30, tzinfo=UTC)
    assert asked(steps, make_exchange(principal=ALICE, now=summer)) is None
    assert asked(steps, make_exchange(principal=ALICE, now=winter)) is not None


def test_permissions_can_be_asked_for() -> None:
    roles = {"clerk": {"permissions": ["orders:write"], "given_to": [{"claim": {"level": 3}}]}}
    steps = compiled({"when": '"orders:write" in principal.permissions && "clerk" in principal.roles'}, roles=roles)
    assert asked(steps, make_exchange(principal=ALICE)) is None
    assert asked(steps, make_exchange(principal=caller())) is not None


def body_exchange(body: bytes, method: str = "POST", scopes: str = "") -> Any:
    return make_exchange(method, headers={"content-type": "application/json"}, principal=caller(scopes), body=body)


def test_who_is_refused_anyway_is_refused_before_the_body_is_read() -> None:
    first, second = compiled({"scopes": ["pay"], "when": "body.amount < 100", "body": "64KiB"})
    assert (first.body_limit, second.body_limit) == (0, 64 * 1024)
    refusal = first.run(body_exchange(b""))
    assert refusal is not None
    exchange = body_exchange(b'{"amount": 7}', scopes="pay")
    assert decided([first, second], exchange) == ("", "when", True, "its condition holds")


@pytest.mark.parametrize(
    "body", [b'{"amount": 700}', b"", b"[]", b'{"amount": "7"}', b'{"amount": 7, "amount": 700}', b"{}"]
)
def test_a_body_that_is_not_as_it_must_be_denies(body: bytes) -> None:
    steps = compiled({"when": "body.amount < 100", "body": "64KiB"})
    assert decided(steps, body_exchange(body))[:2] == ("forbidden", "when")


def test_only_methods_whose_conditions_look_at_the_body_need_one() -> None:
    steps = compiled({"methods": {"POST": {"when": "body.amount < 100"}, "GET": {}}, "body": "1KiB"})
    assert asked(steps, body_exchange(b"", "GET")) is None
    assert asked(steps, body_exchange(b"", "POST")) is not None
    assert asked(steps, body_exchange(b'{"amount": 7}', "POST")) is None


@pytest.mark.parametrize(
    ("settings", "path", "says"),
    [
        ({"when": "path.ownr == 'x'"}, ("when",), "did you mean 'path.owner'?"),
        ({"when": "body.amount < 100"}, ("when",), "`body: 64KiB` in `authorize`"),
        ({"when": "principal.subject == 'x'", "body": "1KiB"}, ("body",), "no condition looks at the body"),
        ({"acr": ["x"], "body": "1KiB"}, ("body",), "no condition looks at the body"),
        ({"methods": {"GET": {"when": "1"}}}, ("methods", "GET", "when"), "must be bool, but is int"),
        ({"permissions": ["orders:wirte"]}, ("permissions", 0), "did you mean 'orders:write'?"),
        ({"methods": {"GET": {"permissions": ["x"]}}}, ("methods", "GET", "permissions", 0), "no role"),
    ],
)
def test_what_is_wrong_is_said_at_its_key(settings: dict[str, Any], path: tuple[str | int, ...], says: str) -> None:
    with pytest.raises(WrongSettings) as caught:
        compiled(settings, roles={"clerk": {"permissions": ["orders:write"]}})
    (problem,) = caught.value.problems
    assert (problem.path, problem.is_of_file) == (path, False)
    assert says in str(problem)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(WrongSettings) as caught:
        compiled({"when": "1", "permissions": ["a", "b"], "methods": {"GET": {"when": "2"}}})
    assert [each.path for each in caught.value.problems] == [
        ("permissions", 0),
        ("permissions", 1),
        ("when",),
        ("methods", "GET", "when"),
    ]


@pytest.mark.parametrize("looks", ["principal.tenant == request.query.tenant", 'has(claims.a) || path.owner == "a"'])
def test_nobody_is_compared_with_what_a_client_leaves_empty(looks: str) -> None:
    with pytest.raises(WrongSettings, match="nobody is authenticated on a public route, so `"):
        compiled({"when": looks}, is_public=True)
    compiled({"methods": {"GET": {"when": looks}}})
    with pytest.raises(WrongSettings, match="always empty"):
        compiled({"methods": {"GET": {"when": looks}}}, is_public=True)
    compiled({"policies": ["p"]}, is_public=True, policies={"p": [{"name": "a", "allow": looks}]})
    compiled({"when": "principal.is_anonymous"}, is_public=True)


def test_a_public_route_may_have_conditions_and_nothing_else() -> None:
    settings: dict[str, Any] = {"when": 'request.client.inNetwork("192.0.2.0/24")'}
    steps = compiled(settings, is_public=True)
    assert decided(steps, make_exchange()) == ("", "when", True, "its condition holds")
    assert decided(steps, make_exchange(client="198.51.100.1"))[0] == "forbidden"
    for key in ("scopes", "any_scope", "roles", "groups"):
        with pytest.raises(WrongSettings, match="nobody is authenticated") as caught:
            compiled({**settings, key: ["a"]}, is_public=True)
        assert [each.path for each in caught.value.problems] == [(key,)]
    for demand in ({"acr": ["x"]}, {"max_age": "1h"}):
        with pytest.raises((WrongSetting, WrongSettings), match="nobody is authenticated"):
            compiled({**settings, **demand}, is_public=True)


def test_elsewhere_nobody_passes_a_condition_that_would_hold() -> None:
    response = asked(compiled({"when": 'request.method == "GET"'}), make_exchange())
    assert response is not None
    assert (response.status, response.code) == (401, "token-missing")


def test_a_condition_that_always_holds_is_doubtful() -> None:
    settings = AuthorizeSettings.model_validate(
        {"when": " true ", "methods": {"GET": {"when": "true"}, "*": {"when": "1 < 2"}}}
    )
    assert [keys for keys, _, _ in settings.dangers([])] == [("when",), ("methods", "GET", "when")]
