from pathlib import Path

import pytest

from hotgate.runtime.folders.runtime_directory import RuntimeDirectory, RuntimeDirectoryError, runtime_directory


def test_it_is_private(tmp_path: Path) -> None:
    directory = RuntimeDirectory(tmp_path / "run")
    directory.create()
    directory.create()
    assert directory.path.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run").chmod(0o755)
    with pytest.raises(RuntimeDirectoryError, match="chmod 700"):
        RuntimeDirectory(tmp_path / "run").create()


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "target").mkdir(mode=0o700)
    (tmp_path / "run").symlink_to(tmp_path / "target")
    with pytest.raises(RuntimeDirectoryError, match="not a folder"):
        RuntimeDirectory(tmp_path / "run").create()


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("")
    with pytest.raises(RuntimeDirectoryError):
        RuntimeDirectory(tmp_path / "run").create()


def test_a_path_too_long_for_a_socket_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuntimeDirectoryError, match="too long"):
        RuntimeDirectory(tmp_path / ("x" * 100)).create()


def test_each_configuration_has_its_own(tmp_path: Path) -> None:
    one = runtime_directory(tmp_path / "a.yaml", None, {})
    other = runtime_directory(tmp_path / "b.yaml", None, {})
    assert one.path != other.path
    assert str(one.path).startswith("/tmp/hotgate-")


def test_the_session_folder_is_preferred(tmp_path: Path) -> None:
    found = runtime_directory(tmp_path / "a.yaml", None, {"XDG_RUNTIME_DIR": str(tmp_path)})
    assert found.path.parent == tmp_path


def test_a_swapped_link_is_the_same_gateway(tmp_path: Path) -> None:
    (tmp_path / "v1").write_text("")
    (tmp_path / "v2").write_text("")
    link = tmp_path / "hotgate.yaml"
    link.symlink_to(tmp_path / "v1")
    before = runtime_directory(link, None, {})
    link.unlink()
    link.symlink_to(tmp_path / "v2")
    assert runtime_directory(link, None, {}).path == before.path


def test_the_configured_one_is_relative_to_the_file(tmp_path: Path) -> None:
    assert runtime_directory(tmp_path / "a.yaml", "run", {}).path == tmp_path / "run"
