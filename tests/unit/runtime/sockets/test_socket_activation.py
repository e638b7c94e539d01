import os
import socket
from collections.abc import Iterator

import pytest

from hotgate.runtime.sockets.listening_sockets import NamedSocket
from hotgate.runtime.sockets.socket_activation import activated_sockets

FIRST = 700  # systemd passes from 3 on, which pytest has long taken


@pytest.fixture
def passed() -> Iterator[list[int]]:
    """Descriptors of a TCP and a Unix socket that listen, as systemd would pass them."""
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind("")  # the kernel chooses an abstract name
        unix.listen()
        yield [os.dup2(each.fileno(), FIRST + index) for index, each in enumerate((tcp, unix))]


def activated(environment: dict[str, str], process: int = 42) -> list[NamedSocket]:
    return activated_sockets(environment, process, FIRST)


def test_sockets_come_with_their_names(passed: list[int]) -> None:
    environment = {"LISTEN_PID": "42", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "web:local", "PATH": "/bin"}
    found = activated(environment)
    assert [(name, each.family) for name, each in found] == [
        ("systemd:web", socket.AF_INET),
        ("systemd:local", socket.AF_UNIX),
    ]
    assert environment == {"PATH": "/bin"}
    for _, each in found:
        assert not each.get_inheritable()
        each.close()


def test_sockets_without_names(passed: list[int]) -> None:
    found = activated({"LISTEN_PID": "42", "LISTEN_FDS": "2"})
    assert [name for name, _ in found] == ["systemd:unknown"] * 2
    for _, each in found:
        each.close()


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"LISTEN_PID": "41", "LISTEN_FDS": "2"},
        {"LISTEN_FDS": "2"},
        {"LISTEN_PID": "42", "LISTEN_FDS": "-1"},
        {"LISTEN_PID": "42", "LISTEN_FDS": "many"},
    ],
)
def test_sockets_of_others_are_left_alone(passed: list[int], environment: dict[str, str]) -> None:
    assert activated(environment) == []
    for descriptor in passed:
        os.close(descriptor)


def test_what_takes_no_connections_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as silent, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
        for index, each in enumerate((silent, datagrams)):
            os.dup2(each.fileno(), FIRST + index)
        assert activated({"LISTEN_PID": "42", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "a:b:c"}) == []
    assert [record.message.split(" of systemd")[0] for record in caplog.records] == [
        "the socket a",
        "the socket b",
        "descriptor 702 (c)",
    ]
