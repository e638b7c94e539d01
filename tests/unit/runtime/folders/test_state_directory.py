"""Where state is kept, and that nobody else can look at it."""

from pathlib import Path

import pytest

from hotgate.runtime.folders.private_folder import UnsafeFolder
from hotgate.runtime.folders.state_directory import StateDirectory, state_directory


def test_it_is_beside_the_file_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    file = tmp_path / "hotgate.yaml"
    assert state_directory(file, None, {}).path == tmp_path / "hotgate-state"
    assert state_directory(file, "kept", {"STATE_DIRECTORY": "/var/lib/x"}).path == tmp_path / "kept"
    assert state_directory(file, None, {"STATE_DIRECTORY": "/var/lib/x:/var/lib/y"}).path == Path("/var/lib/x")


def test_a_secret_is_made_once_in_a_private_folder_that_is_not_committed(tmp_path: Path) -> None:
    state = StateDirectory(tmp_path / "state")
    assert state.secret("pepper", lambda: b"one") == b"one"
    assert state.secret("pepper", lambda: b"two") == b"one"
    assert state.path.stat().st_mode & 0o777 == 0o700
    assert (state.path / ".gitignore").read_text() == "*\n"


def test_a_folder_that_others_may_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir(mode=0o755)
    with pytest.raises(UnsafeFolder, match="state_dir"):
        StateDirectory(tmp_path / "state").secret("pepper", lambda: b"one")
