import socket
from collections.abc import Iterator

import pytest

from hotgate.config.addresses import Bind
from hotgate.runtime.sockets.bind_error import BindError
from hotgate.runtime.sockets.listening_sockets import ListeningSockets

ANY_PORT = Bind("127.0.0.1", 0)


@pytest.fixture
def sockets() -> Iterator[ListeningSockets]:
    made = ListeningSockets(own_workers=set)
    yield made
    made.keep_only({})


def port_of(address: str) -> int:
    return int(address.rpartition(":")[2])


def test_every_worker_gets_a_socket_of_one_port(sockets: ListeningSockets) -> None:
    binds = {"web": ANY_PORT}
    sockets.open(binds, 3)
    assignments = sockets.assignments(binds, 3)
    assert [len(assignment["web"]) for assignment in assignments] == [1, 1, 1]
    ports = {assignment["web"][0].getsockname()[1] for assignment in assignments}
    assert ports == {port_of(sockets.addresses(binds)["web"])}


def test_fewer_workers_share_all_sockets(sockets: ListeningSockets) -> None:
    binds = {"web": ANY_PORT}
    sockets.open(binds, 3)
    sockets.open(binds, 2)
    assert [len(assignment["web"]) for assignment in sockets.assignments(binds, 2)] == [2, 1]


def test_more_workers_get_more_sockets_of_the_same_port(sockets: ListeningSockets) -> None:
    binds = {"web": ANY_PORT}
    sockets.open(binds, 1)
    before = sockets.addresses(binds)
    sockets.open(binds, 2)
    assert sockets.addresses(binds) == before
    assert len(sockets.assignments(binds, 2)) == 2


def test_two_listeners_on_free_ports_are_two(sockets: ListeningSockets) -> None:
    binds = {"one": ANY_PORT, "two": ANY_PORT}
    sockets.open(binds, 1)
    assert len(set(sockets.addresses(binds).values())) == 2


def test_a_foreign_listener_is_detected(sockets: ListeningSockets) -> None:
    with socket.create_server(("127.0.0.1", 0)) as foreign:
        bind = Bind("127.0.0.1", foreign.getsockname()[1])
        # It is held by this process, which counts as ours: only the kernel's refusal of SO_REUSEPORT is left.
        with pytest.raises(BindError, match="in use") as refused:
            sockets.open({"web": bind}, 1)
    assert refused.value.listener == "web"


def test_a_socket_that_does_not_listen_blocks_the_port_as_well(sockets: ListeningSockets) -> None:
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", 0))
        with pytest.raises(BindError, match="in use"):
            sockets.open({"web": Bind("127.0.0.1", foreign.getsockname()[1])}, 1)


def test_a_failure_changes_nothing(sockets: ListeningSockets) -> None:
    sockets.open({"web": ANY_PORT}, 1)
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", 0))
        busy = Bind("127.0.0.1", foreign.getsockname()[1])
        with pytest.raises(BindError):
            sockets.open({"web": ANY_PORT, "more": ANY_PORT, "busy": busy}, 2)
    assert len(sockets.assignments({"web": ANY_PORT}, 1)[0]["web"]) == 1


def test_unwanted_sockets_are_closed(sockets: ListeningSockets) -> None:
    sockets.open({"one": ANY_PORT, "two": ANY_PORT}, 1)
    (unwanted,) = sockets.assignments({"one": ANY_PORT}, 1)[0]["one"]
    sockets.keep_only({"two": ANY_PORT})
    assert unwanted.fileno() == -1
    assert sockets.addresses({"two": ANY_PORT})


def test_an_address_of_another_machine_is_explained(sockets: ListeningSockets) -> None:
    with pytest.raises(BindError, match="not an address of this machine"):
        sockets.open({"web": Bind("192.0.2.1", 0)}, 1)


def test_an_ipv6_listener_takes_no_ipv4(sockets: ListeningSockets) -> None:
    binds = {"web": Bind("::1", 0)}
    sockets.open(binds, 1)
    assert sockets.addresses(binds)["web"].startswith("[::1]:")
    (listening,) = sockets.assignments(binds, 1)[0]["web"]
    assert listening.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY) == 1


def test_workers_inherit_nothing_by_accident(sockets: ListeningSockets) -> None:
    sockets.open({"web": ANY_PORT}, 1)
    (listening,) = sockets.assignments({"web": ANY_PORT}, 1)[0]["web"]
    assert not listening.get_inheritable()


def test_the_admin_socket_is_shared_with_nobody(sockets: ListeningSockets) -> None:
    with sockets.open_admin(ANY_PORT) as admin, pytest.raises(BindError, match="in use"):
        sockets.open_admin(Bind("127.0.0.1", admin.getsockname()[1]))
