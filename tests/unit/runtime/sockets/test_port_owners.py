import os
import socket
from pathlib import Path

from hotgate.runtime.sockets.bind_address import BindAddress, resolve_bind
from hotgate.runtime.sockets.port_owners import inodes_held_by, listening_inodes, unix_inodes

TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1
   1: 00000000:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 102 1
   2: 0200007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 103 1
   3: 0100007F:1F91 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 104 1
   4: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 105 1
"""
TCP6 = """  sl  local_address rem_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode
   0: 00000000000000000000000000000000:1F90 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 201 1
   1: 00000000000000000000000001000000:1F90 00000000000000000000000000000000:0000 0A 0:0 00:0 0 0 0 202 1
"""


def address(host: str, port: int = 8080) -> BindAddress:
    return resolve_bind(host, port)


def table(folder: Path) -> Path:
    (folder / "net").mkdir()
    (folder / "net/tcp").write_text(TCP)
    (folder / "net/tcp6").write_text(TCP6)
    return folder


def test_sockets_on_the_address_or_on_any_address_count(tmp_path: Path) -> None:
    assert listening_inodes(address("127.0.0.1"), table(tmp_path)) == {"101", "102", "201"}


def test_an_ipv6_address_is_decoded(tmp_path: Path) -> None:
    assert listening_inodes(address("::1"), table(tmp_path)) == {"102", "201", "202"}


def test_any_address_meets_all(tmp_path: Path) -> None:
    assert listening_inodes(address("0.0.0.0"), table(tmp_path)) == {"101", "102", "103", "201", "202"}


def test_a_kernel_without_ipv6_is_fine(tmp_path: Path) -> None:
    (table(tmp_path) / "net/tcp6").unlink()
    assert listening_inodes(address("127.0.0.1", 8081), tmp_path) == {"104"}


def test_our_own_sockets_are_found() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        found = listening_inodes(address("127.0.0.1", listening.getsockname()[1]))
        assert len(found) == 1
        assert found <= inodes_held_by([os.getpid()])


def test_a_process_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    assert inodes_held_by([1], tmp_path) == set()


def test_unix_sockets_that_listen_are_found_by_path(tmp_path: Path) -> None:
    path = tmp_path / "a b.sock"
    with socket.socket(socket.AF_UNIX) as listening, socket.socket(socket.AF_UNIX) as client:
        listening.bind(str(path))
        assert unix_inodes(path) == set()
        listening.listen()
        client.connect(str(path))
        assert unix_inodes(path) == {str(os.fstat(listening.fileno()).st_ino)}
        assert unix_inodes(path) <= inodes_held_by([os.getpid()])
    assert unix_inodes(tmp_path / "other.sock") == set()


def test_a_strangers_path_may_be_any_bytes(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stranger, socket.socket(socket.AF_UNIX) as ours:
        stranger.bind(os.fsencode(tmp_path) + b"/\xff\xc2\x85x")
        ours.bind(str(tmp_path / "ours.sock"))
        for listening in (stranger, ours):
            listening.listen()
        assert unix_inodes(tmp_path / "ours.sock") == {str(os.fstat(ours.fileno()).st_ino)}
