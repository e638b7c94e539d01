import socket
import stat
from pathlib import Path

import pytest

from hotgate.config.addresses import Bind
from hotgate.config.binds import SystemdBind, UnixBind
from hotgate.runtime.sockets.bind_error import BindError
from hotgate.runtime.sockets.listening_sockets import ListeningSockets
from hotgate.runtime.sockets.unix_sockets import listen_on_path


def listen(path: Path, mode: int = 0o660) -> socket.socket:
    return listen_on_path(UnixBind(str(path), mode), set)


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
def test_it_listens_with_the_permissions_that_were_asked_for(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "web.sock"
    with listen(path, mode) as listening, socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        listening.accept()[0].close()
        assert stat.S_IMODE(path.stat().st_mode) == mode
        assert not listening.get_inheritable()


def test_what_a_dead_process_left_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "web.sock"
    listen(path).close()
    assert path.is_socket()
    with listen(path), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_our_own_socket_that_could_not_be_handed_over_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "web.sock"
    with listen(path), listen(path) as second, socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        second.accept()[0].close()


def test_a_stranger_keeps_its_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "web.sock"
    monkeypatch.setattr("hotgate.runtime.sockets.unix_sockets.inodes_held_by", lambda pids: set())
    with socket.socket(socket.AF_UNIX) as foreign:
        foreign.bind(str(path))
        foreign.listen(0)
        for _ in range(3):  # also when its queue is full
            with pytest.raises(OSError, match="in use"):
                listen(path)
        with socket.socket(socket.AF_UNIX) as client:
            client.setblocking(False)
            client.connect_ex(str(path))
        assert path.is_socket()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_nothing_but_a_socket_is_removed(tmp_path: Path, kind: str) -> None:
    path, target = tmp_path / "web.sock", tmp_path / "target.sock"
    listen(target).close()
    if kind == "file":
        path.write_text("precious")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(target)
    with pytest.raises(OSError, match="not a socket"):
        listen(path)
    assert path.exists()
    assert target.is_socket()


def test_a_folder_that_is_open_to_strangers_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(OSError, match="open to other users"):
        listen(folder / "web.sock")
    folder.chmod(0o1777)  # as /tmp: nobody removes what belongs to another
    listen(folder / "web.sock").close()


def test_a_folder_that_is_not_there_is_explained(tmp_path: Path) -> None:
    sockets = ListeningSockets(own_workers=set)
    with pytest.raises(BindError, match="none does not exist"):
        sockets.open({"web": UnixBind(str(tmp_path / "none" / "web.sock"))}, 1)


def test_all_workers_share_one_socket_and_a_change_of_their_number_keeps_it(tmp_path: Path) -> None:
    sockets = ListeningSockets(own_workers=set)
    binds = {"web": UnixBind(str(tmp_path / "web.sock"))}
    sockets.open(binds, 2)
    (only,) = sockets.assignments(binds, 2)[0]["web"]
    sockets.open(binds, 3)
    assert sockets.assignments(binds, 3) == [{"web": [only]}] * 3
    assert sockets.addresses(binds) == {"web": f"unix:{tmp_path}/web.sock"}
    sockets.keep_only({})


def test_a_socket_of_an_earlier_control_process_is_used(tmp_path: Path) -> None:
    sockets = ListeningSockets(own_workers=set)
    bind = UnixBind(str(tmp_path / "web.sock"))
    listening = listen_on_path(bind, set)
    sockets.adopt([("web", listening)])
    sockets.open({"web": bind}, 1)
    assert sockets.assignments({"web": bind}, 1) == [{"web": [listening]}]
    sockets.keep_only({})


def test_a_changed_mode_changes_the_file(tmp_path: Path) -> None:
    sockets = ListeningSockets(own_workers=set)
    path = tmp_path / "web.sock"
    for mode in (0o600, 0o666):
        sockets.open({"web": UnixBind(str(path), mode)}, 1)
        assert stat.S_IMODE(path.stat().st_mode) == mode
    sockets.keep_only({})


def test_a_socket_of_systemd_is_found_by_its_name() -> None:
    sockets = ListeningSockets(own_workers=set)
    with socket.create_server(("127.0.0.1", 0)) as given:
        sockets.adopt([("systemd:web", given)])
        sockets.open({"public": SystemdBind("web")}, 2)
        assert sockets.assignments({"public": SystemdBind("web")}, 2) == [{"public": [given]}] * 2
        with pytest.raises(BindError, match="systemd has passed no socket of the name more"):
            sockets.open({"more": SystemdBind("more")}, 1)


def test_a_socket_of_systemd_that_tolerates_no_other_is_shared() -> None:
    sockets = ListeningSockets(own_workers=set)
    with socket.create_server(("127.0.0.1", 0)) as given:
        binds = {"web": Bind(*given.getsockname())}
        sockets.adopt([("systemd:anything", given)])
        sockets.open(binds, 2)
        assert sockets.assignments(binds, 2) == [{"web": [given]}] * 2
