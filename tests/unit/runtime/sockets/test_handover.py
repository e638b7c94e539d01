import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotgate.config.addresses import Bind
from hotgate.runtime.sockets.handover import SocketOffer, collect_sockets, distinct, offer_path, remove_stale_offers
from hotgate.runtime.sockets.listening_sockets import ListeningSockets


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as made:
        yield made


def collected(folder: Path, offered: dict[str, list[socket.socket]]) -> list[tuple[str, socket.socket]]:
    """What another process would get from this one."""

    async def script() -> list[tuple[str, socket.socket]]:
        offer = SocketOffer(folder, offered)
        offer.open()
        found = await asyncio.to_thread(collect_sockets, folder, [os.getpid()])
        offer.close()
        return found

    return asyncio.run(script())


def test_a_socket_survives_its_first_owner(tmp_path: Path, listening: socket.socket) -> None:
    ((name, adopted),) = collected(tmp_path, {"web": [listening]})
    address = listening.getsockname()
    listening.close()
    with adopted, socket.create_connection(address):
        assert name == "web"
        assert not adopted.get_inheritable()
        adopted.accept()[0].close()
    assert list(tmp_path.iterdir()) == []


def test_a_socket_that_is_offered_twice_is_taken_once(tmp_path: Path, listening: socket.socket) -> None:
    found = distinct(collected(tmp_path, {"web": [listening, listening]}))
    assert len(found) == 1
    found[0][1].close()


def test_workers_that_are_gone_or_do_not_offer_are_left_out(tmp_path: Path) -> None:
    offer_path(tmp_path, 11).write_text("not a socket")
    assert collect_sockets(tmp_path, [10, 11]) == []


def test_what_killed_workers_left_is_removed(tmp_path: Path) -> None:
    for pid in (10, 11):
        offer_path(tmp_path, pid).write_text("")
    (tmp_path / "control.sock").write_text("")
    remove_stale_offers(tmp_path, [11])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["control.sock", "worker-11.sock"]


def test_an_adopted_socket_is_used_where_its_address_is_wanted(listening: socket.socket) -> None:
    sockets = ListeningSockets(own_workers=set)
    sockets.adopt([("web", listening)])
    binds = {"web": Bind(*listening.getsockname())}
    sockets.open(binds, 1)
    assert sockets.assignments(binds, 1) == [{"web": [listening]}]


def test_a_port_that_the_kernel_chose_is_kept(listening: socket.socket) -> None:
    sockets = ListeningSockets(own_workers=set)
    sockets.adopt([("web", listening)])
    binds = {"web": Bind("127.0.0.1", 0)}
    sockets.open(binds, 1)
    assert sockets.addresses(binds)["web"] == f"127.0.0.1:{listening.getsockname()[1]}"


def test_adopted_sockets_that_nobody_wants_are_closed(listening: socket.socket) -> None:
    sockets = ListeningSockets(own_workers=set)
    sockets.adopt([("gone", listening)])
    sockets.open({"web": Bind("127.0.0.1", 0)}, 1)
    sockets.keep_only({})
    assert listening.fileno() == -1
