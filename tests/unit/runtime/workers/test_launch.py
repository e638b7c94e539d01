from pathlib import Path

import pytest

from hotgate.runtime.workers.launch import MODULE, Launch, running_workers

LAUNCH = Launch(socket="/run/s", index=1, generation=2, workers=3, folder="/etc", listeners={"a": [5], "b": [6, 7]})


def processes(folder: Path, *commands: list[str]) -> Path:
    for pid, command in enumerate(commands, start=10):
        (folder / str(pid)).mkdir()
        (folder / str(pid) / "cmdline").write_bytes(b"".join(part.encode() + b"\0" for part in command))
    (folder / "version").write_text("")
    return folder


def test_orders_survive_the_command_line() -> None:
    assert Launch.from_argument(LAUNCH.to_argument()) == LAUNCH
    assert LAUNCH.descriptors == [5, 6, 7]


@pytest.mark.parametrize("argument", ["", "{}", "[]", '{"socket": 1}', '{"nonsense": 1}'])
def test_other_orders_are_refused(argument: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        Launch.from_argument(argument)


def test_workers_of_this_gateway_are_found_and_no_others(tmp_path: Path) -> None:
    found = running_workers(
        Path("/run/s"),
        processes(
            tmp_path,
            ["python", "-P", "-m", MODULE, LAUNCH.to_argument()],
            ["python", "-P", "-m", MODULE, LAUNCH.to_argument().replace("/run/s", "/run/other")],
            ["editor", LAUNCH.to_argument()],
            ["python", "-m", MODULE, "not json"],
            ["python", "-m", MODULE, "[]"],
            [],
        ),
    )
    assert found == {10}
