import os
from pathlib import Path

from hotgate.runtime.folders.file_watch import FileWatch


def test_nothing_happened(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    watch = FileWatch([file])
    assert [watch.look() for _ in range(3)] == [False, False, False]


def test_a_change_is_reported_once_and_only_when_it_is_stable(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    watch = FileWatch([file])
    file.write_text("12")
    assert not watch.look()
    file.write_text("123")
    assert not watch.look()
    assert watch.look()
    assert not watch.look()


def test_a_file_replaced_by_one_of_equal_size_and_time_is_noticed(tmp_path: Path) -> None:
    file, other = tmp_path / "a", tmp_path / "b"
    file.write_text("1")
    other.write_text("2")
    os.utime(file, ns=(1, 1))
    os.utime(other, ns=(1, 1))
    watch = FileWatch([file])
    other.replace(file)
    assert [watch.look(), watch.look()] == [False, True]


def test_a_swapped_link_is_noticed(tmp_path: Path) -> None:
    """Kubernetes mounts `hotgate.yaml` → `..data/hotgate.yaml`, and `..data` → a folder with a date in its name."""
    for version in ("v1", "v2"):
        (tmp_path / version).mkdir()
        (tmp_path / version / "hotgate.yaml").write_text("x")
        os.utime(tmp_path / version / "hotgate.yaml", ns=(1, 1))
    (tmp_path / "..data").symlink_to("v1")
    (tmp_path / "hotgate.yaml").symlink_to("..data/hotgate.yaml")
    watch = FileWatch([tmp_path / "hotgate.yaml"])
    (tmp_path / "..new").symlink_to("v2")
    (tmp_path / "..new").replace(tmp_path / "..data")
    assert [watch.look(), watch.look()] == [False, True]


def test_a_file_that_vanishes_and_comes_back_unchanged_is_no_change(tmp_path: Path) -> None:
    file, away = tmp_path / "a", tmp_path / "away"
    file.write_text("1")
    watch = FileWatch([file])
    file.rename(away)
    assert not watch.look()
    away.rename(file)
    assert [watch.look(), watch.look()] == [False, False]


def test_a_removed_file_is_a_change(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_text("1")
    watch = FileWatch([file])
    file.unlink()
    assert [watch.look(), watch.look()] == [False, True]


def test_a_change_during_a_reload_is_not_missed(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("1")
    new.write_text("1")
    watch = FileWatch([old])
    old.write_text("12")
    watch.watch([old, new])
    assert watch.look()
    assert not watch.look()
