"""What may be written of an introspection entry."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.config.errors import ConfigurationErrors
from hotgate.config.loader import load
from hotgate.policies.introspection.settings import IntrospectionSettings
from hotgate.runtime.compiling.load import check_compiles
from hotgate.runtime.compiling.model import built_in_model

BASE: dict[str, Any] = {"issuer": "https://idp.test", "audience": "api", "client": {"id": "gw", "secret": "s3cret"}}
WITHOUT_ISSUER = {"audience": "api", "client": BASE["client"]}


def settings(**changes: Any) -> IntrospectionSettings:
    return IntrospectionSettings.model_validate({**BASE, **changes})


def test_the_defaults() -> None:
    found = settings()
    assert (found.cache.ttl, found.cache.negative_ttl, found.cache.entries) == (60.0, 5.0, 10_000)
    assert (found.answer, found.forward, found.token_type_hint) == ("json", None, "access_token")
    assert found.jwks_location == ""
    assert found.rules().audiences == frozenset({"api"})
    assert list(found.dangers()) == []


def test_where_keys_of_signed_answers_are() -> None:
    assert settings(answer="signed").jwks_location == "discover:https://idp.test"
    assert settings(answer="jwt", jwks_url="https://idp.test/jwks").jwks_location == "https://idp.test/jwks"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"issuer": None}, "give `endpoint`, or an `issuer`"),
        ({"issuer": "corp"}, "give `endpoint`: it is only found"),
        ({"issuer": "https://idp.test/.well-known/oauth-authorization-server"}, "leave out /.well-known/"),
        ({"issuer": "http://idp.test"}, "give `endpoint`: it is only found"),
        ({"endpoint": "http://idp.test/introspect"}, "must be an https:// address"),
        ({"endpoint": "https://u:p@idp.test/introspect"}, "must be an https:// address"),
        ({"jwks_url": "https://idp.test/jwks"}, "go with `answer: signed`"),
        ({"algorithms": ["ES256"]}, "go with `answer: signed`"),
        ({"forward": "answer"}, "`forward: answer` needs"),
        ({"issuer": None, "endpoint": "https://idp.test/i", "answer": "signed"}, "needs `issuer`"),
        ({"issuer": "corp", "endpoint": "https://idp.test/i", "answer": "jwt"}, "give `jwks_url`"),
        ({"answer": "signed", "algorithms": ["HS256"]}, "public keys"),
        ({"audience": None}, "audience"),
        ({"client": {"id": "gw"}}, "give `secret`"),
        ({"cache": {"ttl": "2h"}}, "cache.ttl"),
        ({"signed": True}, "signed"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError) as raised:
        settings(**changes)
    assert says in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_an_audience_must_be_given() -> None:
    with pytest.raises(ValidationError):
        IntrospectionSettings.model_validate({"issuer": "https://idp.test", "client": BASE["client"]})


def test_http_on_this_machine_is_for_tests() -> None:
    assert settings(endpoint="http://127.0.0.1:9/introspect").endpoint == "http://127.0.0.1:9/introspect"


def test_any_audience_is_any_audience_and_a_danger() -> None:
    found = settings(audience="any")
    assert found.rules().audiences is None
    assert [key for key, _, _ in found.dangers()] == ["audience"]
    assert settings(audience=["any"]).rules().audiences == frozenset({"any"})


def test_other_dangers() -> None:
    found = settings(
        token={"query": "access_token"}, cache={"ttl": "10m"}, client={"id": "gw", "authentication": "none"}
    )
    assert [key for key, _, _ in found.dangers()] == ["token", "cache", "client"]


def test_no_secret_shows() -> None:
    assert "s3cret" not in repr(settings())


CONFIGURATION = """\
listeners: [{name: web, bind: "127.0.0.1:0"}]
identity:
  opaque:
    introspection:
      issuer: "https://idp.test"
      audience: api
      client: {id: gw, private_key: key.pem}
  second: {introspection: {issuer: "https://idp.test", audience: api, client: {id: gw, secret: s}}}
routes:
  - {name: r, match: {path: /}, respond: {}, authenticate: [opaque, second]}
"""


def test_check_says_where_a_key_is_wrong_and_which_entries_contradict_each_other(tmp_path: Path) -> None:
    (tmp_path / "hotgate.yaml").write_text(CONFIGURATION)
    (tmp_path / "key.pem").write_text("-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n")
    loaded = load(tmp_path / "hotgate.yaml", built_in_model(), {})
    with pytest.raises(ConfigurationErrors) as raised:
        check_compiles(loaded)
    text = str(raised.value)
    assert "hotgate.yaml:7:37: identity.opaque.introspection.client.private_key: is not a private key" in text
    assert "hotgate.yaml:10:" in text
    assert "whether a token is for opaque and second cannot be told" in text
