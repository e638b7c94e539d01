import os
from pathlib import Path

import pytest

from hotgate.runtime.control_lock import AlreadyRunning, ControlLock


def test_a_second_holder_is_told_who_the_first_is(tmp_path: Path) -> None:
    with ControlLock(tmp_path / "lock"):
        with pytest.raises(AlreadyRunning) as refused:
            ControlLock(tmp_path / "lock").acquire()
        assert refused.value.pid == os.getpid()


def test_a_released_lock_can_be_taken_again(tmp_path: Path) -> None:
    for _ in range(2):
        with ControlLock(tmp_path / "lock"):
            assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_what_a_dead_holder_wrote_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("x" * 1000)
    with ControlLock(tmp_path / "lock"):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic link"):
        ControlLock(tmp_path / "lock").acquire()
    assert not (tmp_path / "elsewhere").exists()
