"""The api_key entry of `identity:`: its settings and its answers."""

from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.http.response import Response
from hotgate.identity.api_keys.api_key import digest
from hotgate.identity.principal import Principal
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.route import Route
from hotgate.policies.api_key import MECHANISM
from hotgate.policies.api_key_settings import ApiKeySettings

SECRET = "3d9a0f4c-not-a-real-key"
KEY: dict[str, Any] = {"id": "ci", "sha256": digest(SECRET)}


def settings(**changes: Any) -> ApiKeySettings:
    return ApiKeySettings.model_validate({"keys": [KEY], **changes})


def ask(configured: ApiKeySettings, *values: bytes, header: bytes = b"x-api-key", now: float = 0.0) -> Any:
    authenticator = MECHANISM.compile("partners", configured, {"wall_clock": lambda: now})
    request = Request("GET", "/", Headers([(header, value) for value in values]))
    exchange = Exchange(request, Route("r"), params={}, client="192.0.2.1", request_id="1", started=0.0)
    return authenticator.authenticate(exchange)


def test_a_known_key_makes_a_principal() -> None:
    key = {**KEY, "consumer": "acme", "scopes": ["orders:read"], "roles": ["partner"]}
    principal = ask(settings(keys=[key]), SECRET.encode())
    assert isinstance(principal, Principal)
    assert (principal.subject, principal.provider, principal.mechanism) == ("acme", "partners", "api_key")
    assert (principal.scopes, principal.roles) == (frozenset({"orders:read"}), frozenset({"partner"}))
    assert principal.claims == {"key_id": "ci"}


def test_the_consumer_is_the_id_unless_it_is_given() -> None:
    assert ask(settings(), SECRET.encode()).subject == "ci"


def test_nothing_is_vouched_for_beyond_the_end_of_a_key() -> None:
    assert ask(settings(), SECRET.encode()).expires is None
    ends = settings(keys=[{**KEY, "expires": "1970-01-01T00:01:40Z"}])
    assert ask(ends, SECRET.encode()).expires == 100.0


def test_the_header_may_be_another_one() -> None:
    configured = settings(header="X-Partner-Key")
    assert isinstance(ask(configured, SECRET.encode(), header=b"x-partner-key"), Principal)
    assert ask(configured, SECRET.encode()) is None


@pytest.mark.parametrize(
    ("changes", "now", "code"),
    [
        ({"expires": "1970-01-01T00:01:40Z"}, 100.0, "key-expired"),
        ({"expires": "1970-01-01T01:01:40+01:00"}, 100.0, "key-expired"),
        ({"not_before": "1970-01-01T00:01:40Z"}, 99.0, "key-not-yet-valid"),
        ({"revoked": True}, 0.0, "key-revoked"),
        ({"sha256": digest("another-key")}, 0.0, "key-unknown"),
    ],
)
def test_a_bad_key_is_answered_with_its_code(changes: dict[str, Any], now: float, code: str) -> None:
    response = ask(settings(keys=[{**KEY, **changes}]), SECRET.encode(), now=now)
    assert isinstance(response, Response)
    assert (response.status, response.code) == (401, code)
    assert response.header("www-authenticate") == 'ApiKey realm="partners", header="x-api-key"'
    shown = repr(response.headers.fields).encode() + (response.body or b"") + response.log_detail.encode()
    assert SECRET.encode() not in shown


def test_two_keys_are_refused() -> None:
    assert ask(settings(), SECRET.encode(), SECRET.encode()).code == "key-unknown"


def test_without_configured_keys_every_key_is_unknown() -> None:
    assert ask(ApiKeySettings(), SECRET.encode()).code == "key-unknown"


@pytest.mark.parametrize(
    "changes",
    [
        {"keys": [{**KEY, "sha256": SECRET}]},
        {"keys": [{**KEY, "sha256": digest(SECRET)[:-1]}]},
        {"keys": [KEY, {**KEY, "sha256": digest("another-key")}]},
        {"keys": [KEY, {**KEY, "id": "two"}]},
        {"keys": [KEY, {**KEY, "id": "two", "sha256": digest(SECRET).upper()}]},
        {"keys": [{**KEY, "expires": "tomorrow"}]},
        {"keys": [{**KEY, "expires": "2027-01-01"}]},
        {"keys": [{**KEY, "expires": "2027-01-01T00:00:00"}]},
        {"keys": [{**KEY, "expires": "2027-13-01T00:00:00Z"}]},
        {"keys": [{**KEY, "expires": 1}]},
        {"keys": [{**KEY, "revoked": 1}]},
        {"keys": [{**KEY, "key": SECRET}]},
        {"keys": [{**KEY, "id": "a\nb"}]},
        {"header": "host"},
        {"header": "Content-Length"},
        {"header": "x-auth-subject"},
        {"header": "x_api_key"},
        {"header": "a b"},
        {"header": ""},
        {"realm": '"'},
    ],
)
def test_wrong_settings_are_refused_without_showing_a_key(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**changes)
    assert SECRET not in str(caught.value)


def test_the_schema_describes_every_key() -> None:
    schema = ApiKeySettings.model_json_schema()
    for model in (schema, schema["$defs"]["KeySettings"]):
        assert all(value.get("description") for value in model["properties"].values())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"header": "authorization"}, "needs a `scheme`"),
        ({"header": "authorization", "scheme": "Bearer"}, "carries no API key"),
        ({"header": "authorization", "scheme": "basic"}, "carries no API key"),
        ({"scheme": "a b"}, "name of a scheme"),
        ({"query": "a&b"}, "use a name"),
        ({"managed": {"environment": "Live"}}, "lower-case"),
        ({"managed": {"env": "live"}}, "env"),
        ({"managed": 2}, "managed"),
    ],
)
def test_places_and_environments_that_make_no_sense_are_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        settings(**changes)


def test_managed_keys_are_of_an_environment() -> None:
    assert settings().environment is None
    assert settings(managed=False).environment is None
    assert settings(managed=True).environment == "live"
    assert settings(managed={}).environment == "live"
    assert settings(managed={"environment": "test"}).environment == "test"


def test_the_query_alone_is_dangerous() -> None:
    assert not list(settings(basic=True).dangers())
    ((key, message, _),) = settings(query="api_key").dangers()
    assert (key, message) == ("query", "a key in the query ends up in histories and logs")


def test_an_entry_that_knows_no_key_is_warned_of() -> None:
    ((key, message, hint),) = settings(keys=[]).dangers()
    assert (key, message) == ("keys", "no key is known, so nobody gets in")
    assert "managed: true" in hint
    assert not list(settings(keys=[], managed=True).dangers())


def test_a_static_key_names_itself() -> None:
    assert ask(settings(), SECRET.encode()).credential == "ci"
