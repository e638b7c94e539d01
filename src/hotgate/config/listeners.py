"""`listeners:`, `admin:` and `limits:`: where the gateway listens, and what it takes from any client."""

from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.addresses import Bind
from hotgate.config.binds import OWNER_AND_GROUP, AnyBind, BindText, FileMode, Peer, UnixBind
from hotgate.config.notation import refused
from hotgate.config.settings import Name, Settings, WholeNumber
from hotgate.config.units import DurationBetween, SizeBetween


class ProxyProtocol(Settings):
    """The header that a load balancer for TCP sends first on each connection, with the client's address (v1 or v2)."""

    sources: tuple[Peer, ...] = Field(
        alias="from",
        min_length=1,
        max_length=1024,
        description="The load balancers: networks or addresses, `unix` for a Unix socket. Each of their connections "
        "must begin with the header; connections from elsewhere are closed.",
    )


class Listener(Settings):
    """A socket that takes requests."""

    name: Name = Field(description="A unique name, for logs and metrics.")
    bind: BindText = Field(
        description='Where to listen: "host:port", "[::1]:8080" for IPv6, port 0 takes a free port; '
        '"unix:/run/hotgate/web.sock"; "systemd:name" for a socket that systemd has opened.',
    )
    mode: FileMode | None = Field(
        default=None,
        description='Permissions of a Unix socket\'s file, `"0660"` if not given: whoever may write may connect.',
    )
    trusted_proxies: tuple[Peer, ...] = Field(
        default=(),
        max_length=1024,
        description="Networks or addresses whose X-Forwarded-* and Forwarded fields are believed, `unix` for the "
        "clients of a Unix socket. None by default.",
    )
    proxy_protocol: ProxyProtocol | None = Field(
        default=None,
        description="Take the client's address from the PROXY protocol. `trusted_proxies` is then about that address.",
    )

    @property
    def place(self) -> AnyBind:
        """Where to listen, with the permissions of a Unix socket."""
        return _place(self.bind, self.mode)

    @model_validator(mode="after")
    def _mode_is_for_unix_sockets(self) -> "Listener":
        _check_mode(self.bind, self.mode)
        return self


class Admin(Settings):
    """The operators' interface: metrics, health and the admin API. It has no authentication yet: keep it private."""

    bind: BindText = Field(default=Bind("127.0.0.1", 9900), description="Where to listen, as for a listener.")
    mode: FileMode | None = Field(default=None, description="Permissions of a Unix socket's file, as for a listener.")

    @property
    def place(self) -> AnyBind:
        """Where to listen, with the permissions of a Unix socket."""
        return _place(self.bind, self.mode)

    @model_validator(mode="after")
    def _mode_is_for_unix_sockets(self) -> "Admin":
        _check_mode(self.bind, self.mode)
        return self


def _place(bind: AnyBind, mode: int | None) -> AnyBind:
    return UnixBind(bind.path, OWNER_AND_GROUP if mode is None else mode) if isinstance(bind, UnixBind) else bind


def _check_mode(bind: AnyBind, mode: int | None) -> None:
    if mode is not None and not isinstance(bind, UnixBind):
        raise refused('`mode` is for Unix sockets ("unix:/path") only')


class Limits(Settings):
    """Bounds on what a client may send or keep open. They hold for every listener."""

    max_header_bytes: Annotated[int, SizeBetween("1KiB", "1MiB")] = Field(
        default=32 * 1024, description="All header fields of a request together; more is answered 431."
    )
    max_headers: Annotated[int, WholeNumber(1, 1000)] = Field(
        default=100, description="The number of header fields of a request; more is answered 431."
    )
    max_target: Annotated[int, SizeBetween("128", "64KiB")] = Field(
        default=8 * 1024, description="The request target (path and query); longer is answered 414."
    )
    header_timeout: Annotated[float, DurationBetween("100ms", "10m")] = Field(
        default=15.0, description="Time from a request's first byte to the end of its header section."
    )
    keep_alive: Annotated[float, DurationBetween("0s", "1h")] = Field(
        default=75.0, description="How long an idle client connection stays open."
    )
    body_idle: Annotated[float, DurationBetween("100ms", "1h")] = Field(
        default=30.0, description="Longest pause while a body is being received or sent."
    )
    max_pipelined: Annotated[int, WholeNumber(1, 1000)] = Field(
        default=32, description="Requests of one connection that may wait for the answer to an earlier one."
    )
    max_connections: Annotated[int, WholeNumber(1, 1_000_000)] = Field(
        default=20_000, description="Client connections of each worker; more are closed at once."
    )
    worker_memory: Annotated[int, SizeBetween("64MiB", "1024GiB")] | None = Field(
        default=None,
        description="Resident memory above which a worker is replaced, one at a time, the new one first (as uWSGI's "
        "`reload-on-rss`). No bound by default: what is normal depends on routes and connections.",
    )
    drain: Annotated[float, DurationBetween("0s", "1h")] = Field(
        default=30.0, description="How long requests in flight may go on after a stop or a reload."
    )
