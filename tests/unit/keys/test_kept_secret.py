"""A secret is made once, read ever after, and never from a file that others can read."""

import os
from pathlib import Path

import pytest

from hotgate.keys.kept_secret import SecretNotKept, kept_secret, replace_secret


def never() -> bytes:
    raise AssertionError("it is there already")


def test_it_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "pepper"
    assert kept_secret(path, lambda: b"first") == b"first"
    assert kept_secret(path, never) == b"first"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["pepper"]


def test_whoever_makes_it_second_gets_the_first_one(tmp_path: Path) -> None:
    path = tmp_path / "pepper"

    def make() -> bytes:
        kept_secret(path, lambda: b"the other process's")
        return b"ours"

    assert kept_secret(path, make) == b"the other process's"


def test_it_can_be_replaced(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    kept_secret(path, lambda: b"old")
    replace_secret(path, b"new")
    assert kept_secret(path, never) == b"new"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_may_read_or_write_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "pepper"
    path.write_bytes(b"known to others")
    path.chmod(mode)
    with pytest.raises(SecretNotKept, match="0600") as refused:
        kept_secret(path, never)
    assert "known to others" not in str(refused.value)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pepper", 0o600)
    with pytest.raises(SecretNotKept, match="not a regular file"):
        kept_secret(tmp_path / "pepper", never)


def test_a_secret_that_cannot_be_replaced_stays(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(SecretNotKept, match="cannot be written") as refused:
        replace_secret(path, b"hunter2")
    assert "hunter2" not in str(refused.value)


def test_an_empty_or_huge_file_a_link_and_a_folder_are_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir(mode=0o700)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for name, content in [("empty", b""), ("huge", b"x" * 100_000)]:
        (tmp_path / name).write_bytes(content)
        (tmp_path / name).chmod(0o600)
    for name in ("folder", "link", "empty", "huge"):
        with pytest.raises(SecretNotKept):
            kept_secret(tmp_path / name, lambda: b"new")
    assert not (tmp_path / "elsewhere").exists()


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SecretNotKept, match="No such file"):
        kept_secret(tmp_path / "none" / "pepper", lambda: b"new")
