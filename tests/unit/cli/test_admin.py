"""`hotgate admin`."""

import json
from pathlib import Path

import pytest

from unit.cli.conftest import Shell

FILE = 'listeners: [{name: web, bind: "127.0.0.1:0"}]\n'


@pytest.fixture(autouse=True)
def no_state_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)


def kept(shell: Shell) -> Path:
    """The file that a gateway would have made."""
    folder = shell.folder / "hotgate-state"
    folder.mkdir(mode=0o700)
    file = folder / "admin-token"
    file.touch(0o600)
    file.write_text("hga_" + "a" * 43)
    return file


def test_the_token_alone_is_printed(shell: Shell) -> None:
    shell.write(FILE)
    kept(shell)
    done = shell.run("admin", "token", "-c", str(shell.file))
    assert (done.exit_code, done.stdout) == (0, "hga_" + "a" * 43 + "\n")


def test_a_new_one_is_printed_and_kept(shell: Shell) -> None:
    shell.write(FILE)
    file = kept(shell)
    done = shell.run("admin", "token", "--rotate", "-c", str(shell.file))
    assert done.stdout == file.read_text() + "\n" != "hga_" + "a" * 43 + "\n"


def test_before_the_first_start_none_is_made(shell: Shell) -> None:
    """It might belong to another user than the gateway's."""
    shell.write(FILE)
    for options in ([], ["--rotate"]):
        done = shell.run("admin", "token", *options, "-c", str(shell.file))
        assert done.exit_code == 1
        assert "start the gateway first" in done.output
    assert not (shell.folder / "hotgate-state").exists()


def test_a_token_of_the_file_is_not_printed(shell: Shell) -> None:
    token = "hga_" + "b" * 43
    shell.write(f"{FILE}admin: {{token: {token}}}\n")
    done = shell.run("admin", "token", "-c", str(shell.file))
    assert done.exit_code == 1
    assert token not in done.output


def test_a_broken_file_is_told(shell: Shell) -> None:
    shell.write("listeners: 5\n")
    done = shell.run("admin", "token", "-c", str(shell.file))
    assert done.exit_code == 1
    assert "hotgate.yaml:1:" in done.output


def test_the_openapi_document_needs_no_gateway(shell: Shell) -> None:
    document = json.loads(shell.run("admin", "openapi").stdout)
    assert document["openapi"] == "3.1.0"
    assert "/api/v1/keys" in document["paths"]
