"""The examples of the pages on explanations are run as they are written there, and answer what is written there."""

import json
import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotgate.cli import app
from hotgate.testing.issuer import Issuer

DOCS = Path(__file__).parents[2] / "docs" / "authorization"
FILES = {"yaml": "hotgate.yaml", "yaml caller": "alice.yaml", "yaml table": "hotgate-tests.yaml"}
_BLOCK = re.compile(r"^```(yaml|yaml caller|yaml table|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str) -> list[tuple[str, str]]:
    return _BLOCK.findall((DOCS / page).read_text(encoding="utf-8"))


def commands(page: str) -> list[tuple[str, str]]:
    """Each command, and what it prints."""
    text = "".join(content for kind, content in blocks(page) if kind == "console")
    return [(command, printed) for command, _, printed in (each.partition("\n") for each in text.split("$ ")[1:])]


@pytest.mark.parametrize(
    ("command", "printed"), [*commands("explaining.md"), *commands("testing.md")], ids=lambda text: text[:30]
)
def test_a_command_prints_what_the_page_says(
    command: str, printed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for page in ("explaining.md", "testing.md"):
        for kind, content in blocks(page):
            if kind in FILES:
                (tmp_path / FILES[kind]).write_text(content)
    (tmp_path / "keys.json").write_text(json.dumps(Issuer(algorithm="RS256").jwks()))
    monkeypatch.chdir(tmp_path)
    program, *arguments = shlex.split(command)
    assert program == "hotgate"
    result = CliRunner().invoke(app, arguments)
    assert result.stdout == printed
