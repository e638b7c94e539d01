from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from unit.cli.conftest import Shell

Calls = list[tuple[int, Path | None]]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    made: Calls = []

    def run_demo(port: int, folder: Path | None) -> int:
        made.append((port, folder))
        return 1 if port == 0 else 0

    monkeypatch.setattr("hotgate.demo.run.run_demo", run_demo)
    return made


def test_port_8080_and_a_temporary_folder_are_the_defaults(shell: Shell, calls: Calls) -> None:
    assert shell.run("demo").exit_code == 0
    assert calls == [(8080, None)]


def test_both_can_be_chosen(shell: Shell, calls: Calls) -> None:
    shell.run("demo", "--port", "9999", "--folder", "here")
    assert calls == [(9999, Path("here"))]


def test_its_status_is_the_commands(shell: Shell, calls: Calls) -> None:
    assert shell.run("demo", "--port", "0").exit_code == 1


@pytest.mark.parametrize("port", ["-1", "65536", "http"])
def test_a_port_that_is_none_is_refused(shell: Shell, calls: Calls, port: str) -> None:
    assert shell.run("demo", "--port", port).exit_code == 2
    assert calls == []
