"""`valkey`: a Valkey or Redis server that several gateways share, several behind sentinels, or a cluster."""

import re
from importlib.util import find_spec
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from hotgate.config.https_url import is_loopback_name
from hotgate.config.notation import refused
from hotgate.config.secret import Secret
from hotgate.config.settings import Flag, Form, Settings

_PLAIN = frozenset({"valkey", "redis"})
_TLS = frozenset({"valkeys", "rediss"})
_SAYS = (
    "write valkeys://user:password@host:6379/0 (TLS), valkey:// on a loopback host or with a password, or unix:///path"
)
_HOST = r"(\[[0-9A-Fa-f:.]{2,64}\]|[A-Za-z0-9_.-]{1,253}):[1-9][0-9]{0,4}"

HostAndPort = Annotated[str, Form(_HOST, "write host:port, such as 10.0.0.1:26379")]


class Sentinels(Settings):
    """Who knows which server is the primary; `url` names their service in the place of a host."""

    hosts: Annotated[tuple[HostAndPort, ...], Field(min_length=1, max_length=32)] = Field(
        description="Host and port of each, such as 10.0.0.1:26379. They are asked in this order, with TLS if `url` "
        "says `valkeys`."
    )
    password: Secret | None = Field(default=None, description="Theirs (`requirepass`), if they have one.")

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """(host, port) of each."""
        parts = [re.fullmatch(r"\[?([^\]]*)\]?:(\d+)", host) for host in self.hosts]
        return [(part[1], int(part[2])) for part in parts if part]


class Valkey(Settings):
    """Valkey 7.2 or Redis 7 and later: one server, several with sentinels, or a cluster."""

    url: Secret = Field(
        description="`valkeys://user:password@host:6379/0` with TLS, whose certificate is verified; `valkey://` "
        "without, for a loopback host or a network of its own; `unix:///run/valkey.sock`. `redis://` and "
        "`rediss://` mean the same. A password in it is shown nowhere."
    )
    cluster: Flag = Field(
        default=False,
        description="The server is a node of a cluster, whose others are found through it. For counters; sessions "
        "cannot be kept in a cluster.",
    )
    sentinel: Sentinels | None = Field(
        default=None,
        description="Sentinels that know the primary. `url` names their service: `valkeys://:password@main/0`.",
    )

    @model_validator(mode="after")
    def _can_be_used(self) -> "Valkey":
        if not _is_usable(self.url.reveal()):
            raise refused(f"`url`: {_SAYS}")
        if self.cluster and self.sentinel is not None:
            raise refused("a cluster needs no `sentinel`")
        if (self.cluster or self.sentinel is not None) and self.url.reveal().startswith("unix:"):
            raise refused("a cluster or a service of sentinels is not reached by a Unix socket")
        if find_spec("redis") is None:
            raise refused("Valkey needs a driver: pip install 'hotgate[cluster]'")
        return self

    @property
    def can_fail_over(self) -> bool:
        """Whether another server may take the place of the primary."""
        return self.cluster or self.sentinel is not None


def _is_usable(text: str) -> bool:
    """A server on another machine without TLS must at least ask for a password: sessions are ended through it."""
    try:
        url = urlsplit(text)
        is_database = url.path.lstrip("/").isdigit() or url.path in ("", "/")
        if url.scheme == "unix":
            return url.path.startswith("/") and not url.hostname
        is_open = url.scheme in _PLAIN and not url.password and not is_loopback_name(url.hostname or "")
        is_known = url.scheme in _PLAIN | _TLS
        return is_known and bool(url.hostname) and url.port != 0 and is_database and not url.query and not is_open
    except ValueError:
        return False
