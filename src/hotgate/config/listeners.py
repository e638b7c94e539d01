"""`listeners:` and `admin:`: where the gateway listens."""

from pydantic import Field

from hotgate.config.addresses import Bind, BindText, Network
from hotgate.config.settings import Name, Settings


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


class Admin(Settings):
    """The operators' interface: metrics, health and the admin API. It has no authentication yet: keep it private."""

    bind: BindText = Field(default=Bind("127.0.0.1", 9900), description="Where to listen, as for a listener.")
