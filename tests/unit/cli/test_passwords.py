"""`hotgate passwords`: files that a gateway can use, and no password in them."""

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hotgate.cli import app
from hotgate.config.secret import SecretFiles
from hotgate.identity.passwords.password_file import parse_password_file
from hotgate.identity.passwords.password_hash import is_correct
from hotgate.policies.passwords.basic_settings import BasicSettings


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "staff.htpasswd"


def run(*arguments: str, typed: str = "") -> tuple[int, str]:
    done = CliRunner().invoke(app, ["passwords", *arguments], input=typed)
    return done.exit_code, done.output


def test_a_hash_is_printed_of_what_is_typed() -> None:
    status, printed = run("hash", "--stdin", typed="open sesame\n")
    assert status == 0
    assert is_correct(printed.strip(), "open sesame")


def test_somebody_is_added_changed_and_removed(file: Path) -> None:
    assert run("set", str(file), "ada", "--stdin", typed="one\n")[1] == "ada is added\n"
    assert run("set", str(file), "ada", "--stdin", typed="two\n")[1] == "ada has a new password\n"
    assert is_correct(parse_password_file(file.read_text())["ada"], "two")
    assert file.stat().st_mode & 0o777 == 0o600
    assert run("remove", str(file), "ada") == (0, "ada is removed\n")
    assert run("remove", str(file), "ada")[0] == 1


def test_whoever_is_removed_last_is_gone_for_a_gateway_too(file: Path) -> None:
    """It does not take an empty file, which may be one that is just being written, and would go on with the old one."""
    run("set", str(file), "ada", "--stdin", typed="one\n")
    run("remove", str(file), "ada")
    settings = BasicSettings.model_validate({"users_file": str(file)}, context=SecretFiles(file.parent))
    assert settings.hashes() == {}


def test_a_file_keeps_who_may_read_it(file: Path) -> None:
    file.write_text("")
    file.chmod(0o640)
    run("set", str(file), "ada", "--stdin", typed="one\n")
    assert file.stat().st_mode & 0o777 == 0o640


def belongs_to_others(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("")
    stat = Path.stat

    def of_others(self: Path, **options: bool) -> os.stat_result:
        found = stat(self, **options)
        return os.stat_result((*found[:4], 4711, 4712, *found[6:])) if self == file else found

    monkeypatch.setattr(Path, "stat", of_others)


def test_a_file_keeps_its_owner(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root changes it; the gateway is another user, and reads it by its group."""
    belongs_to_others(file, monkeypatch)
    given: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "chown", lambda path, user, group: given.append((user, group)))
    assert run("set", str(file), "ada", "--stdin", typed="one\n")[0] == 0
    assert given == [(4711, 4712)]


def test_a_file_that_cannot_be_given_to_its_owner_stays_as_it_was(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path, user: int, group: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    belongs_to_others(file, monkeypatch)
    monkeypatch.setattr(os, "chown", denied)
    assert run("set", str(file), "ada", "--stdin", typed="one\n")[0] == 1
    assert file.read_text() == ""
    assert list(file.parent.iterdir()) == [file]


def test_a_link_to_a_file_stays_one(tmp_path: Path, file: Path) -> None:
    (tmp_path / "there").write_text("")
    file.symlink_to(tmp_path / "there")
    run("set", str(file), "ada", "--stdin", typed="one\n")
    assert file.is_symlink()
    assert (tmp_path / "there").read_text().startswith("ada:")


def test_an_old_file_is_taken_over_once(tmp_path: Path, file: Path) -> None:
    old = tmp_path / "old"
    old.write_text("ada:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n")
    assert run("import", str(old), str(file)) == (0, "1 imported\n")
    assert is_correct(parse_password_file(file.read_text())["ada"], "password")
    assert run("import", str(old), str(file))[0] == 1


@pytest.mark.parametrize(
    ("arguments", "typed"),
    [
        (("set", "a:b", "--stdin"), "x\n"),
        (("set", "ada", "--stdin"), "\n"),
        (("set", "ada", "--stdin"), "a\x07b\n"),
    ],
)
def test_what_could_not_be_sent_is_refused(file: Path, arguments: tuple[str, ...], typed: str) -> None:
    command, *rest = arguments
    status, _ = run(command, str(file), *rest, typed=typed)
    assert status == 1
    assert not file.exists()


def test_a_broken_file_is_named_with_its_line(file: Path) -> None:
    file.write_text("ada\n")
    status, said = run("remove", str(file), "ada")
    assert status == 1
    assert "line 1" in said
