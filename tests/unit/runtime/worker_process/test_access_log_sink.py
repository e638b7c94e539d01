from pathlib import Path

import pytest

from hotgate.config.gateway import AccessLog
from hotgate.runtime.worker_process.access_log_sink import LogSink, access_log_path


def following(settings: AccessLog, folder: Path) -> LogSink:
    sink = LogSink()
    sink.follow(access_log_path(settings, folder))
    sink.reopen()
    return sink


def test_a_path_is_relative_to_the_configuration(tmp_path: Path) -> None:
    sink = following(AccessLog(path="a.log"), tmp_path)
    sink.write(b"line\n")
    sink.close()
    assert (tmp_path / "a.log").read_bytes() == b"line\n"


def test_a_reload_changes_the_file_and_loses_nothing(tmp_path: Path) -> None:
    sink = following(AccessLog(path="a.log"), tmp_path)
    sink.follow(access_log_path(AccessLog(path="b.log"), tmp_path))
    sink.write(b"before\n")
    sink.reopen()
    sink.write(b"after\n")
    sink.close()
    assert (tmp_path / "a.log").read_bytes() == b"before\n"
    assert (tmp_path / "b.log").read_bytes() == b"after\n"


def test_a_file_that_cannot_be_opened_leaves_the_old_one_in_use(tmp_path: Path) -> None:
    sink = following(AccessLog(path="a.log"), tmp_path)
    (tmp_path / "folder").mkdir()
    sink.follow(access_log_path(AccessLog(path="folder"), tmp_path))
    with pytest.raises(OSError, match="directory"):
        sink.reopen()
    sink.write(b"line\n")
    sink.close()
    assert (tmp_path / "a.log").read_bytes() == b"line\n"


def test_a_rotated_file_is_opened_again(tmp_path: Path) -> None:
    sink = following(AccessLog(path="a.log"), tmp_path)
    (tmp_path / "a.log").rename(tmp_path / "a.log.1")
    sink.reopen()
    sink.write(b"line\n")
    sink.close()
    assert (tmp_path / "a.log").read_bytes() == b"line\n"


def test_a_log_that_is_off_goes_nowhere(tmp_path: Path) -> None:
    sink = following(AccessLog(path="a.log", enabled=False), tmp_path)
    sink.write(b"line\n")
    sink.close()
    assert list(tmp_path.iterdir()) == []


def test_standard_output_is_not_a_file(tmp_path: Path) -> None:
    assert access_log_path(AccessLog(), tmp_path) == Path("stdout")
