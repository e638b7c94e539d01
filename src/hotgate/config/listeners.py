"""`listeners:`, `admin:` and `limits:`: where the gateway listens, and what it takes from any client."""

from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.addresses import Bind, BindText, Network
from hotgate.config.notation import Notation, refused
from hotgate.config.settings import Name, Settings, WholeNumber
from hotgate.config.tls import Tls
from hotgate.config.units import DurationBetween, SizeBetween

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


class Listener(Settings):
    """A socket that takes requests."""

    name: Name = Field(description="A unique name, for logs and metrics.")
    bind: BindText = Field(
        description='Where to listen: "host:port", "[::1]:8080" for IPv6; port 0 takes a free port.',
    )
    trusted_proxies: tuple[Network, ...] = Field(
        default=(),
        max_length=1024,
        description="Networks or addresses whose X-Forwarded-* and Forwarded fields are believed. None by default.",
    )
    tls: Tls | None = Field(default=None, description="Speak TLS here, and nothing else.")
    redirect_https: Annotated[int | None, Notation(_read_https_port, _HTTPS_PORT_SCHEMA)] = Field(
        default=None,
        description="Serve nothing here: answer every request 308 with the same host and path in https. `true` is "
        "port 443; a number is another port.",
    )

    @model_validator(mode="after")
    def _redirects_from_http(self) -> "Listener":
        if self.tls is not None and self.redirect_https is not None:
            raise refused("redirect_https is for a listener without tls")
        return self


class Admin(Settings):
    """The operators' interface: metrics, health and the admin API. It has no authentication yet: keep it private."""

    bind: BindText = Field(default=Bind("127.0.0.1", 9900), description="Where to listen, as for a listener.")


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
    tls_handshake: Annotated[float, DurationBetween("100ms", "10m")] = Field(
        default=10.0,
        description="Time from a connection to the end of its TLS handshake. (nginx gives it 60 s; two round trips "
        "and a slow phone need less than 10.)",
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
    drain: Annotated[float, DurationBetween("0s", "1h")] = Field(
        default=30.0, description="How long requests in flight may go on after a stop or a reload."
    )
