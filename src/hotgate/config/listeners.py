"""`listeners:`: where the gateway takes requests."""

from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.binds import AnyBind, BindText, FileMode, Peer, SystemdBind, UnixBind, check_mode, placed
from hotgate.config.notation import Notation, refused
from hotgate.config.settings import Name, Settings, WholeNumber
from hotgate.config.tls import Tls
from hotgate.http.forwarded import UNIX_PEER

_HTTPS = 443
_PORT = WholeNumber(1, 65535)


def _read_https_port(value: object) -> int | None:
    if value is True or value == "true":
        return _HTTPS
    try:
        return None if value is False or value == "false" else int(_PORT.read(value))
    except ValueError:
        raise refused("write true, false or the port of the https listener") from None


_HTTPS_PORT_SCHEMA = {"anyOf": [{"type": "boolean"}, _PORT.schema], "$comment": "`true`, `false` or a port"}


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
        description='Permissions of a Unix socket\'s file: whoever may write may connect. Not set: `"0660"`.',
    )
    trusted_proxies: tuple[Peer, ...] = Field(
        default=(),
        max_length=1024,
        description="Networks or addresses whose X-Forwarded-* and Forwarded fields are believed, `unix` for the "
        "clients of a Unix socket. Not set: nobody's are.",
    )
    tls: Tls | None = Field(default=None, description="Speak TLS here, and nothing else. Not set: plain HTTP.")
    redirect_https: Annotated[int | None, Notation(_read_https_port, _HTTPS_PORT_SCHEMA)] = Field(
        default=None,
        description="Serve nothing here: answer every request 308 with the same host and path in https. `true` is "
        "port 443; a number is another port.",
    )
    proxy_protocol: ProxyProtocol | None = Field(
        default=None,
        description="Take the client's address from the PROXY protocol. `trusted_proxies` is then about that address.",
    )

    @property
    def place(self) -> AnyBind:
        """Where to listen, with the permissions of a Unix socket."""
        return placed(self.bind, self.mode)

    @model_validator(mode="after")
    def _redirects_from_http(self) -> "Listener":
        if self.tls is not None and self.redirect_https is not None:
            raise refused("redirect_https is for a listener without tls")
        return self

    @model_validator(mode="after")
    def _somebody_may_connect(self) -> "Listener":
        if self.proxy_protocol is not None and not _may_connect(self.bind, self.proxy_protocol.sources):
            raise refused(
                "`proxy_protocol.from` closes every connection: clients of a Unix socket are `unix`, and nobody else is"
            )
        return self

    @model_validator(mode="after")
    def _mode_is_for_unix_sockets(self) -> "Listener":
        check_mode(self.bind, self.mode)
        return self


def _may_connect(bind: AnyBind, sources: tuple[str, ...]) -> bool:
    """Whether one of them can reach a socket of this kind; of one that systemd opens, the kind is not known."""
    is_unix = [source == UNIX_PEER for source in sources]
    return isinstance(bind, SystemdBind) or (any(is_unix) if isinstance(bind, UnixBind) else not all(is_unix))
