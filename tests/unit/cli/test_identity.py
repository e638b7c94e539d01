"""`hotgate identity`: presets in full, and no secrets."""

from pathlib import Path

from typer.testing import CliRunner

from hotgate.cli import app

FILE = """
listeners: [{name: web, bind: "127.0.0.1:8080"}]
identity:
  okta: {jwt: {provider: okta, domain: acme.okta.com, audience: "api://default", client: app}}
  old: {jwt: {issuer: old, audience: api, secret: "0123456789abcdef0123456789abcdef"}}
routes: [{name: all, match: {path: "/*"}, authenticate: [okta, old], respond: {}}]
"""


def shown(folder: Path, text: str) -> tuple[int, str]:
    file = folder / "hotgate.yaml"
    file.write_text(text)
    result = CliRunner().invoke(app, ["identity", "-c", str(file)])
    return result.exit_code, result.output


def test_a_preset_is_shown_in_full_with_what_the_entry_says(tmp_path: Path) -> None:
    code, output = shown(tmp_path, FILE)
    lines = output.splitlines()
    assert code == 0
    assert lines[:2] == ["okta: jwt", "  keys: discover:https://acme.okta.com/oauth2/default"]
    for line in (
        '  issuer: "https://acme.okta.com/oauth2/default"',
        '  required_claims: ["cid"]',
        '  scopes: "scp"',
        '  subject: ["uid", "sub"]',
        '  client: "app"',
    ):
        assert line in lines


def test_secrets_are_not_shown(tmp_path: Path) -> None:
    output = shown(tmp_path, FILE)[1]
    assert "0123456789abcdef" not in output
    assert '  keys: a shared secret\n  algorithms: ["HS256"]\n' in output


def test_a_wrong_file_says_where(tmp_path: Path) -> None:
    code, output = shown(tmp_path, FILE.replace("domain", "domian"))
    assert code == 1
    assert "domian" in output
