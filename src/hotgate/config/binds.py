"""Where a listener may listen: a TCP address, a Unix socket, or a socket that systemd has opened for us."""

import os
import re
from dataclasses import dataclass
from typing import Annotated

from hotgate.config.addresses import Bind, parse_bind, parse_network
from hotgate.config.notation import Notation, refused
from hotgate.http.forwarded import UNIX_PEER

OWNER_AND_GROUP = 0o660
_LONGEST_PATH = 107  # bytes; sun_path of unix(7) has 108 with its final NUL
_SYSTEMD_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,255}")
_MODE = re.compile(r"0[0-7]{3}")


@dataclass(frozen=True, slots=True)
class UnixBind:
    """path: absolute. mode: permission bits of the file; whoever may write to it may connect (unix(7))."""

    path: str
    mode: int = OWNER_AND_GROUP

    def __str__(self) -> str:
        return f"unix:{self.path}"


@dataclass(frozen=True, slots=True)
class SystemdBind:
    """name: as in `FileDescriptorName=` of a socket unit; without that key, the unit's own name."""

    name: str

    def __str__(self) -> str:
        return f"systemd:{self.name}"


AnyBind = Bind | UnixBind | SystemdBind


def parse_any_bind(value: object) -> AnyBind:
    """ "host:port", "unix:/path" or "systemd:name". Raises PydanticCustomError."""
    if isinstance(value, str) and value.startswith("unix:"):
        return UnixBind(_socket_path(value.removeprefix("unix:")))
    if isinstance(value, str) and value.startswith("systemd:"):
        name = value.removeprefix("systemd:")
        if not _SYSTEMD_NAME.fullmatch(name):
            raise refused('write "systemd:name", with the FileDescriptorName= of the socket unit')
        return SystemdBind(name)
    return parse_bind(value)


def _socket_path(path: str) -> str:
    """Abstract sockets (`@name`) are refused: they have no permissions, every local user may connect."""
    if not path.startswith("/") or "\0" in path or path.endswith("/") or os.path.normpath(path) != path:
        raise refused('write a Unix socket as "unix:/absolute/path", without . and ..; abstract ones are not supported')
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise refused(f"the path of a Unix socket has at most {_LONGEST_PATH} bytes")
    return path


def parse_mode(value: object) -> int:
    """Permission bits from "0660". Raises PydanticCustomError."""
    if not isinstance(value, str) or not _MODE.fullmatch(value):
        raise refused('write four octal digits in quotes, such as "0660"')
    return int(value, 8)


def parse_peer(value: object) -> str:
    """A network, or `unix` for the clients of Unix sockets. Raises PydanticCustomError."""
    return UNIX_PEER if value == UNIX_PEER else parse_network(value)


def placed(bind: AnyBind, mode: int | None) -> AnyBind:
    """The place with the permissions that a Unix socket's file shall have."""
    return UnixBind(bind.path, OWNER_AND_GROUP if mode is None else mode) if isinstance(bind, UnixBind) else bind


def check_mode(bind: AnyBind, mode: int | None) -> None:
    """Raises PydanticCustomError if there are permissions, but no file that could have them."""
    if mode is not None and not isinstance(bind, UnixBind):
        raise refused('`mode` is for Unix sockets ("unix:/path") only')


BindText = Annotated[
    AnyBind,
    Notation(
        parse_any_bind,
        {"type": "string", "$comment": '"host:port", "unix:/path" or "systemd:name"'},
        str,
    ),
]
FileMode = Annotated[
    int,
    Notation(
        parse_mode, {"type": "string", "pattern": "^0[0-7]{3}$", "$comment": '"0660"'}, lambda mode: f"{mode:04o}"
    ),
]
Peer = Annotated[str, Notation(parse_peer, {"type": "string", "$comment": "network, address or `unix`"}, str)]
