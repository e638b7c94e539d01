"""`upstreams.*.credentials`: one way, in one form; mistakes have a place, and nothing shows a secret."""

from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.config.upstreams import Upstream
from unit.config.conftest import Folder

SECRET = "s3cr3t-value"
CLIENT = {"id": "gateway", "secret": SECRET}
SERVER = {"token_url": "https://idp.example.com/token", "client": CLIENT}
KEYS = {"region": "eu-central-1", "service": "s3", "access_key_id": "AKIDEXAMPLE", "secret_access_key": SECRET}
FILE = """
listeners: [{name: web, bind: "127.0.0.1:0"}]
upstreams:
  api:
    targets: ["%s"]
    credentials: %s
routes: [{name: all, match: {path: "/*"}, public: true, upstream: api}]
"""
BEARER = "{bearer: {token: abc}}"


def upstream(credentials: dict[str, Any], target: str = "https://api.example.com") -> Upstream:
    return Upstream.model_validate({"targets": [target], "credentials": credentials})


def message(credentials: dict[str, Any]) -> str:
    with pytest.raises(ValidationError) as caught:
        upstream(credentials)
    said = str(caught.value)
    assert SECRET not in said
    return said


@pytest.mark.parametrize(
    "credentials",
    [
        {"api_key": {"header": "X-Api-Key", "value": SECRET}},
        {"api_key": {"header": "authorization", "scheme": "ApiKey", "value": SECRET}},
        {"api_key": {"query": "api_key", "value": SECRET + " &="}},
        {"basic": {"username": "gateway", "password": SECRET}},
        {"bearer": {"token": SECRET}},
        {"aws_sigv4": KEYS},
        {"aws_sigv4": {**KEYS, "session_token": SECRET}},
        {"client_credentials": SERVER},
        {"client_credentials": {"issuer": "https://idp.example.com", "client": CLIENT, "scopes": ["a:b"]}},
        {"token_exchange": {**SERVER, "audience": "orders", "act_as_gateway": True}},
    ],
)
def test_good_ones_show_nothing(credentials: dict[str, Any]) -> None:
    settings = upstream(credentials)
    assert SECRET not in f"{settings!r}{settings}{settings.model_dump()}{settings.model_dump_json()}"


@pytest.mark.parametrize(
    ("credentials", "says"),
    [
        ({}, "exactly one of"),
        ({"bearer": {"token": SECRET}, "basic": {"username": "a", "password": SECRET}}, "exactly one of"),
        ({"api_key": {"value": SECRET}}, "either `header` or `query`"),
        ({"api_key": {"header": "a", "query": "b", "value": SECRET}}, "either `header` or `query`"),
        ({"api_key": {"query": "b", "scheme": "ApiKey", "value": SECRET}}, "belongs to `header`"),
        *(
            ({"api_key": {"header": name, "value": SECRET}}, "no other meaning")
            for name in ("Host", "content-length", "cookie", "User-Agent", "x_api", "x-auth-subject", "via", "x\r\ny")
        ),
        *(
            ({"api_key": {"header": "x-key", "value": SECRET + end}}, "control characters")
            for end in ("\r\nx: y", "\0", "\x7f", " ", "\n")
        ),
        ({"bearer": {"token": SECRET + "\n"}}, "not a bearer token"),
        ({"bearer": {"token": SECRET + " x"}}, "not a bearer token"),
        ({"basic": {"username": "a:b", "password": SECRET}}, "without ':'"),
        ({"basic": {"username": "a", "password": SECRET + "\n"}}, "control characters"),
        ({"aws_sigv4": {**KEYS, "region": "EU"}}, "small letters"),
        ({"aws_sigv4": {**KEYS, "secret_access_key": SECRET + "\n"}}, "not a secret access key"),
        ({"client_credentials": {"client": CLIENT}}, "`token_url` or `issuer`"),
        ({"client_credentials": {**SERVER, "issuer": "https://idp.example.com"}}, "`token_url` or `issuer`"),
        ({"client_credentials": {**SERVER, "token_url": "http://idp.example.com"}}, "https://"),
        ({"client_credentials": {**SERVER, "client": {"id": "x", "authentication": "none"}}}, "no token of its own"),
        ({"client_credentials": {**SERVER, "scopes": ["a b"]}}, "without spaces"),
        ({"token_exchange": SERVER}, "`audience`, `resource` or `scopes`"),
        ({"token_exchange": {**SERVER, "resource": "https://a.example/#b"}}, "without fragment"),
        ({"token_exchange": {**SERVER, "audience": "a", "subject_token_type": "jwt"}}, "token type"),
    ],
)
def test_what_makes_no_sense(credentials: dict[str, Any], says: str) -> None:
    assert says in message(credentials)


def test_a_file_is_read_and_watched(folder: Folder) -> None:
    folder.write(SECRET + "\n", "token")
    loaded = folder.load(FILE % ("https://a.example", '{bearer: {token: "file:token"}}'))
    credentials = loaded.config.upstreams["api"].credentials
    assert credentials is not None
    assert credentials.bearer is not None
    assert credentials.bearer.token.reveal() == SECRET
    assert folder.path / "token" in loaded.files


@pytest.mark.parametrize(
    ("target", "credentials", "says"),
    [
        ("http://a.example", BEARER, ["plain text"]),
        ("http://127.0.0.1:1", BEARER, []),
        ("http://[::1]:1", BEARER, []),
        ("http://localhost:1", BEARER, []),
        ("unix:/run/a.sock", BEARER, []),
        ("https://a.example", BEARER, []),
        ("https://a.example", "{api_key: {query: key, value: abc}}", ["logs of the backend"]),
        (
            "https://a.example",
            "{aws_sigv4: {region: a, service: s3, access_key_id: a, secret_access_key: b}}",
            ["which AWS does not know"],
        ),
        (
            "https://lambda.eu-central-1.amazonaws.com",
            "{aws_sigv4: {region: us-east-1, service: lambda, access_key_id: a, secret_access_key: b}}",
            ["which AWS does not know", "is in eu-central-1"],
        ),
        (
            "https://a.example",
            "{token_exchange: {token_url: 'https://i.example', client: {id: a, authentication: none}, audience: b}}",
            ["anybody may pose as this client"],
        ),
    ],
)
def test_dangers_are_warned_of(folder: Folder, target: str, credentials: str, says: list[str]) -> None:
    warnings = folder.load(FILE % (target, credentials)).warnings
    assert len(warnings) == len(says)
    for warning, part in zip(warnings, says, strict=True):
        assert part in str(warning)
        assert warning.line == 6


def test_the_name_of_a_source_tells_no_secret_and_tells_settings_apart() -> None:
    def name(upstream_name: str = "a", **settings: Any) -> str:
        credentials = upstream({"client_credentials": {**SERVER, **settings}}).credentials
        assert credentials is not None
        assert credentials.source is not None
        return credentials.source.source(upstream_name)

    assert name() == name()
    assert len({name(), name("b"), name(scopes=["x"]), name(audience="x"), name(resource="https://x")}) == 5
    assert SECRET not in name()
