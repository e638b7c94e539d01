"""What only compiling finds is found by `hotgate check` as well as before a start: both ask here."""

from pathlib import Path

from typer.testing import CliRunner

from hotgate.cli import app
from hotgate.runtime.compiling.load import deep_errors, load_configuration

_TEXT = """\
listeners: [{name: web, bind: "127.0.0.1:0"}]
identity:
  opaque:
    introspection: {issuer: "https://idp.test", audience: api, client: {id: gateway, private_key: client.key}}
routes: [{name: r, match: {path: /}, respond: {}, authenticate: [opaque]}]
"""
_SAYS = ":4:99: identity.opaque.introspection.client.private_key: is not a private key in PEM form"


def test_a_key_of_a_client_that_cannot_be_used(tmp_path: Path) -> None:
    file = tmp_path / "hotgate.yaml"
    file.write_text(_TEXT)
    (tmp_path / "client.key").write_text("-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----")
    assert [str(error) for error in deep_errors(load_configuration(file))] == [f"{file}{_SAYS}"]
    result = CliRunner().invoke(app, ["check", "-c", str(file)])
    assert (result.exit_code, result.output) == (1, f"{file}{_SAYS}\n")
