from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pydantic_core import PydanticCustomError

from hotgate.config.addresses import Bind
from hotgate.config.binds import AnyBind, SystemdBind, UnixBind, parse_any_bind, parse_mode, parse_peer

if TYPE_CHECKING:
    from unit.config.conftest import Folder


@pytest.mark.parametrize(
    ("text", "bind"),
    [
        ("127.0.0.1:80", Bind("127.0.0.1", 80)),
        ("unix:/run/hotgate/web.sock", UnixBind("/run/hotgate/web.sock")),
        ("systemd:hotgate.socket", SystemdBind("hotgate.socket")),
    ],
)
def test_a_bind_is_read_and_written_alike(text: str, bind: AnyBind) -> None:
    assert parse_any_bind(text) == bind
    assert str(bind) == text


@pytest.mark.parametrize(
    "text",
    [
        "unix:",
        "unix:web.sock",
        "unix:@web",
        "unix:\0web",
        "unix:/",
        "unix:/run/../etc/x",
        "unix:/run//x",
        "unix:/run/x/",
        "unix:/a\0b",
        "unix:/" + "a" * 107,
        "systemd:",
        "systemd:a b",
        "systemd:" + "a" * 256,
    ],
)
def test_what_cannot_be_listened_on_is_refused(text: str) -> None:
    with pytest.raises(PydanticCustomError):
        parse_any_bind(text)


def test_a_path_may_be_as_long_as_the_kernel_takes() -> None:
    assert parse_any_bind("unix:/" + "a" * 106) == UnixBind("/" + "a" * 106)


def test_modes_are_octal_text() -> None:
    assert [parse_mode("0660"), parse_mode("0600")] == [0o660, 0o600]
    for value in (660, "660", "0888", "04755", "rw-rw----", None):
        with pytest.raises(PydanticCustomError):
            parse_mode(value)


def test_peers_are_networks_or_unix() -> None:
    assert [parse_peer("10.0.0.0/8"), parse_peer("unix")] == ["10.0.0.0/8", "unix"]
    for value in ("unix:", "UNIX", "", None):
        with pytest.raises(PydanticCustomError):
            parse_peer(value)


def test_a_listener_on_a_unix_socket(folder: Folder) -> None:
    config = folder.load("""\
        listeners:
          - {name: web, bind: "unix:/run/web.sock", mode: "0666", trusted_proxies: [unix]}
          - {name: more, bind: "unix:/run/more.sock", proxy_protocol: {from: [unix, 10.0.0.0/8]}}
        admin: {bind: "unix:/run/admin.sock", mode: "0600"}
        """).config
    assert [listener.place for listener in config.listeners] == [
        UnixBind("/run/web.sock", 0o666),
        UnixBind("/run/more.sock", 0o660),
    ]
    assert config.admin.place == UnixBind("/run/admin.sock", 0o600)
    assert config.listeners[1].proxy_protocol is not None
    assert config.listeners[1].proxy_protocol.sources == ("unix", "10.0.0.0/8")


@pytest.mark.parametrize(
    ("listener", "says"),
    [
        ('bind: "127.0.0.1:0", mode: "0660"', "Unix sockets"),
        ('bind: "unix:/x", mode: 660', "in quotes"),
        ('bind: "unix:/x", proxy_protocol: true', "listeners[0].proxy_protocol"),
        ('bind: "unix:/x", proxy_protocol: {}', "from"),
        ('bind: "unix:/x", proxy_protocol: {from: []}', "listeners[0].proxy_protocol.from"),
        ('bind: "unix:/x", proxy_protocol: {from: [everybody]}', "listeners[0].proxy_protocol.from[0]"),
        ('bind: "unix:/x", proxy_protocol: {form: [unix]}', "did you mean 'from'"),
        ('bind: "unix:/x", proxy_protocol: {from: [10.0.0.0/8]}', "closes every connection"),
        ('bind: "127.0.0.1:0", proxy_protocol: {from: [unix]}', "closes every connection"),
    ],
)
def test_wrong_listeners_are_explained(folder: Folder, listener: str, says: str) -> None:
    assert says in " ".join(folder.errors(f"listeners: [{{name: web, {listener}}}]\n"))


@pytest.mark.parametrize("bind", ["unix:/run/web.sock", "systemd:web"])
def test_sockets_must_not_be_shared(folder: Folder, bind: str) -> None:
    (error,) = folder.errors(f'listeners: [{{name: a, bind: "{bind}"}}]\nadmin: {{bind: "{bind}"}}\n')
    assert "the address is taken by" in error
