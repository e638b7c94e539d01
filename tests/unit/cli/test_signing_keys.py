"""`hotgate signing-keys list`: what it says without a gateway that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hotgate.keys.signing_key import SigningKey

if TYPE_CHECKING:
    from unit.cli.conftest import Shell

FILE = """\
listeners: [{name: web, bind: "127.0.0.1:0"}]
routes: [{name: keys, match: {path: /keys}, public: true, respond: {jwks: true}}]
"""


def listed(shell: Shell) -> tuple[int, str]:
    result = shell.run("signing-keys", "list", "-c", str(shell.file))
    return result.exit_code, result.stdout + result.stderr


def test_looking_makes_no_keys(shell: Shell) -> None:
    shell.write(FILE)
    assert listed(shell) == (0, "no keys yet: they are made when a route first needs them\n")
    assert [path.name for path in shell.file.parent.iterdir()] == [shell.file.name]


def test_given_keys_are_named_and_not_shown(shell: Shell) -> None:
    keys = [SigningKey.generate("ES256"), SigningKey.generate("EdDSA")]
    for index, key in enumerate(keys):
        (shell.file.parent / f"{index}.pem").write_text(key.pem)
    shell.write(FILE + 'assertion: {keys: ["file:0.pem", "file:1.pem"]}\n')
    status, said = listed(shell)
    assert status == 0
    assert {tuple(line.split()) for line in said.splitlines()} == {
        (keys[0].kid, "ES256", "given", "signs"),
        (keys[1].kid, "EdDSA", "given", "published"),
    }


def test_a_key_that_cannot_be_used_is_said_and_not_shown(shell: Shell) -> None:
    shell.write(FILE + "assertion: {keys: [hunter2]}\n")
    status, said = listed(shell)
    assert status == 1
    assert "assertion.keys" in said
    assert "hunter2" not in said
