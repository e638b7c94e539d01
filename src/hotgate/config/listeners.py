"""`listeners:` and `admin:`: where the gateway listens."""

from typing import Annotated

from pydantic import Field, model_validator

from hotgate.config.addresses import Bind, BindText, Network
from hotgate.config.notation import Notation, refused
from hotgate.config.settings import Name, Settings, WholeNumber
from hotgate.config.tls import Tls

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
