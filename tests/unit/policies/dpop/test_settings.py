"""`dpop:` of an entry: what may be written, and what `check` says of the rest."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.config.errors import ConfigurationErrors
from hotgate.policies.dpop.settings import DpopSettings
from hotgate.policies.tokens.jwt_settings import JwtSettings
from hotgate.runtime.compiling.compile_errors import compile_errors
from hotgate.runtime.compiling.load import load_configuration

JWT: dict[str, Any] = {"issuer": "https://idp.test", "audience": "api", "jwks_url": "https://idp.test/jwks"}


def test_who_writes_nothing_wants_proofs_of_everybody() -> None:
    settings = DpopSettings()
    assert (settings.required, settings.nonce, settings.max_age) == (True, "off", 60.0)
    assert settings.algorithms == ("ES256", "EdDSA", "Ed25519", "PS256")


@pytest.mark.parametrize(
    "changes",
    [
        {"algorithms": ["HS256"]},
        {"algorithms": ["none"]},
        {"algorithms": []},
        {"required": "perhaps"},
        {"nonce": True},
        {"max_age": "4s"},
        {"max_age": "61s"},
        {"max_age": 60},
        {"origins": ["api.example.com"]},
        {"origins": ["https://api.example.com/"]},
        {"origins": ["https://api.example.com/path"]},
        {"origins": ["https://api.example.com?x"]},
        {"origins": ["https://user@api.example.com"]},
        {"origins": ["https://api.example.com:99999"]},
        {"origins": ["wss://api.example.com"]},
        {"origins": [5]},
        {"unknown": 1},
    ],
)
def test_what_cannot_be_meant_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DpopSettings.model_validate(changes)


def test_origins() -> None:
    origins = ("https://api.example.com", "http://[::1]:8080")
    assert DpopSettings.model_validate({"origins": origins}).origins == origins


@pytest.mark.parametrize(
    "changes",
    [
        {"forward_token": True},
        {"token": {"cookie": "session"}},
        {"token": {"bearer": False, "header": "x-token"}},
        {"token": {"query": "access_token"}},
    ],
)
def test_a_token_with_a_proof_stands_in_one_place_and_goes_no_further(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        JwtSettings.model_validate({**JWT, "dpop": {}, **changes})
    JwtSettings.model_validate({**JWT, **changes})


FILE = """
listeners: [{{name: web, bind: "127.0.0.1:0"}}]
identity:
  corp:
    jwt: {{issuer: "https://idp.test", audience: api, dpop: {dpop}}}
routes:
  - {{name: all, match: {{path: "/*", hosts: {hosts}}}, authenticate: [corp], respond: {{body: hello}}}}
"""


def errors(folder: Path, dpop: str, hosts: str) -> list[str]:
    """Everything that `check` finds wrong."""
    file = folder / "hotgate.yaml"
    file.write_text(FILE.format(dpop=dpop, hosts=hosts))
    try:
        return [str(each) for each in compile_errors(load_configuration(file))]
    except ConfigurationErrors as found:
        return [str(each) for each in found.errors]


@pytest.mark.parametrize(
    ("dpop", "hosts", "is_good"),
    [
        ("{}", "[api.example.com]", True),
        ("{origins: ['https://api.example.com']}", "[]", True),
        ("{}", "[]", False),
    ],
)
def test_what_a_client_says_of_the_host_alone_is_not_believed(
    tmp_path: Path, dpop: str, hosts: str, is_good: bool
) -> None:
    """Else a proof for a server of an attacker's would be good here, with that server's name in `Host`."""
    found = errors(tmp_path, dpop, hosts)
    assert [":7:" in each and "origins" in each for each in found] == ([] if is_good else [True])


def test_a_wrong_value_is_found_with_its_place(tmp_path: Path) -> None:
    (found,) = errors(tmp_path, "{algorithms: [HS256]}", "[a.example]")
    assert ":5:" in found
