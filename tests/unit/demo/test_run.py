import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotgate.demo.run import is_in_use, run_demo


@pytest.fixture
def busy_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_busy_port_is_reported_with_the_option_to_change(
    busy_port: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_demo(busy_port, tmp_path) == 1
    message = capsys.readouterr().err
    assert f"127.0.0.1:{busy_port} is in use" in message
    assert "--port" in message
    assert list(tmp_path.iterdir()) == []


def test_a_port_of_which_the_kernel_has_the_choice_is_free() -> None:
    assert not is_in_use(0)


def test_files_that_are_there_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "hotgate.yaml").write_text("mine")
    assert run_demo(0, tmp_path) == 1
    assert "--folder" in capsys.readouterr().err
    assert (tmp_path / "hotgate.yaml").read_text() == "mine"
