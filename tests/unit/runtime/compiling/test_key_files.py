"""A file of keys that is of no use is found before the configuration is in force."""

import json
from pathlib import Path

import pytest

from hotgate.config.loader import load
from hotgate.runtime.compiling.compile_errors import compile_errors
from hotgate.runtime.compiling.model import built_in_model
from hotgate.testing.issuer import Issuer

_CONFIGURATION = """\
listeners: [{name: web, bind: "127.0.0.1:0"}]
identity:
  corp: {jwt: {issuer: "https://idp.test", audience: api, jwks_file: keys.json}}
routes: [{name: r, match: {path: /}, respond: {}, authenticate: [corp]}]
"""


def errors(folder: Path) -> list[str]:
    (folder / "hotgate.yaml").write_text(_CONFIGURATION)
    found = compile_errors(load(folder / "hotgate.yaml", built_in_model(), {}))
    return [str(error) for error in found]


def test_keys_of_the_issuer_are_right(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text(json.dumps(Issuer().jwks()))
    assert errors(tmp_path) == []


def test_a_missing_file_is_an_error_with_its_line(tmp_path: Path) -> None:
    place = f"{tmp_path}/hotgate.yaml:3:70: identity.corp.jwt.jwks_file"
    assert errors(tmp_path) == [f"{place}: cannot be read: No such file or directory"]


def test_that_of_a_login_provider_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "hotgate.yaml").write_text(
        _CONFIGURATION.replace(
            '{jwt: {issuer: "https://idp.test", audience: api,',
            '{oidc: {issuer: "https://idp.test", client: {id: a, secret: b},',
        )
        + "store: {}\n"
    )
    found = compile_errors(load(tmp_path / "hotgate.yaml", built_in_model(), {}))
    assert [str(error).partition(": ")[2] for error in found] == [
        "identity.corp.oidc.jwks_file: cannot be read: No such file or directory"
    ]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "not a JSON object"),
        ('{"keys": []}', "none of its 0 keys is usable"),
        ('{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}', "none of its 1 keys is usable"),
        ("[]" + " " * 256 * 1024, "more than 262144 bytes"),
    ],
)
def test_a_file_without_a_usable_key_is_an_error_that_shows_none_of_it(
    tmp_path: Path, content: str, reason: str
) -> None:
    (tmp_path / "keys.json").write_text(content)
    (error,) = errors(tmp_path)
    assert f"hotgate.yaml:3:70: identity.corp.jwt.jwks_file: is not a usable key set: {reason}" in error
    assert "c2VjcmV0" not in error
