"""`health`, `ejection` and `resolver`: which targets of an upstream are available, and where they are."""

import ipaddress
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from hotgate.config.addresses import authority_text, parse_bind
from hotgate.config.notation import Notation, refused
from hotgate.config.percent import PercentBetween
from hotgate.config.settings import Flag, Form, Settings, WholeNumber
from hotgate.config.status_range import Statuses, StatusRange
from hotgate.config.units import DurationBetween

_DNS_PORT = 53
_NAMESERVER_SAYS = 'write the address of a name server, such as "10.0.0.53" or "127.0.0.1:5353"'

# Visible ASCII without a space (RFC 9112 §3.2): the path is written into a request as it is.
_PATH = Form(r"/[\x21-\x22\x24-\x7e]{0,1023}", "write a path that begins with '/', without spaces and '#'")
_HOST = Form(r"[A-Za-z0-9_.:\[\]-]{1,255}", "write a host name, with a port if need be")


class Health(Settings):
    """Active checks of each target, made by the control process whatever the number of workers.

    A target is in service until it fails: the first check decides at once, later ones count by the thresholds.
    """

    path: Annotated[str, _PATH] | None = Field(
        default=None, description="What to ask for, such as `/healthz`. Either this or `tcp`."
    )
    tcp: Flag = Field(
        default=False,
        description="Only connect (and finish the TLS handshake); ask for nothing. Either this or `path`.",
    )
    method: Literal["GET", "HEAD"] = Field(default="GET", description="The method to ask with.")
    expect: tuple[Statuses, ...] = Field(
        default=(StatusRange(200, 399),),
        min_length=1,
        max_length=16,
        description="Statuses that mean healthy. HAProxy: 200 to 399.",
    )
    host: Annotated[str, _HOST] | None = Field(
        default=None, description="The Host to send. Not set: that of the target's URL."
    )
    port: Annotated[int, WholeNumber(1, 65535)] | None = Field(
        default=None, description="The port to connect to. Not set: that of the target's URL."
    )
    every: Annotated[float, DurationBetween("100ms", "1h")] = Field(
        default=5.0, description="Time between two checks of a target, give or take 15 %. nginx: 5 s; HAProxy: 2 s."
    )
    timeout: Annotated[float, DurationBetween("10ms", "1m")] = Field(
        default=2.0, description="Time for a whole check: connection, TLS and the header section of the answer."
    )
    healthy_after: Annotated[int, WholeNumber(1, 100)] = Field(
        default=2, description="Good checks in a row until a target is in service again. HAProxy: `rise`, 2."
    )
    unhealthy_after: Annotated[int, WholeNumber(1, 100)] = Field(
        default=3, description="Failed checks in a row until a target is out of service. HAProxy: `fall`, 3."
    )

    @model_validator(mode="after")
    def _asks_one_thing(self) -> "Health":
        if self.tcp == (self.path is not None):
            raise refused("needs either `path` or `tcp: true`")
        only_http = {"method", "expect", "host"} & self.model_fields_set
        if self.tcp and only_http:
            raise refused(f"`tcp: true` asks for nothing, so leave out {', '.join(sorted(only_http))}")
        return self


class Ejection(Settings):
    """When a target that fails requests is out of service, judged by each worker for itself: outlier ejection and
    circuit breaker in one.

    Failures are: no connection, no answer in time, a connection closed before the answer, an answer that is not HTTP,
    and what `statuses` adds. After its time, a target gets a few requests on trial before it gets its share again.
    """

    consecutive_failures: Annotated[int, WholeNumber(0, 1000)] = Field(
        default=5, description="Failures in a row that take a target out of service. 0: never for that. Envoy: 5."
    )
    failure_share: Annotated[float, PercentBetween(1, 100)] | None = Field(
        default=None,
        description="The share of failures among the requests of the last `window` that takes a target out of "
        "service, in a row or not: a classical circuit breaker. Not set: never for that.",
    )
    min_requests: Annotated[int, WholeNumber(1, 100_000)] = Field(
        default=20, description="Requests that must be in the window for `failure_share` to count. Hystrix: 20."
    )
    window: Annotated[float, DurationBetween("1s", "10m")] = Field(
        default=10.0, description="Time back to which `failure_share` looks. Hystrix: 10 s."
    )
    duration: Annotated[float, DurationBetween("1s", "1h")] = Field(
        default=30.0,
        alias="for",
        description="Time for which a target is out of service the first time; twice that the second time in a row, "
        "three times that the third. Each such time in good order takes one step back. Envoy: 30 s.",
    )
    longest: Annotated[float, DurationBetween("1s", "1d")] = Field(
        default=300.0, description="Time for which a target is out of service at most. Envoy: 300 s."
    )
    max_share: Annotated[float, PercentBetween(0, 100)] = Field(
        default=0.5,
        description="The share of targets that may be out of service for their failures at once, rounded down: a "
        "single target never is, unless this is 100%. Envoy: 10 %, for larger clusters.",
    )
    trials: Annotated[int, WholeNumber(1, 100)] = Field(
        default=1,
        description="Requests that must go well until a target is back in service, and how many may be under way "
        "meanwhile. One that fails puts it out again.",
    )
    statuses: tuple[Statuses, ...] = Field(
        default=(),
        max_length=16,
        description="Answers that are failures too, such as `502-504` or `5xx`. Not set: none, for a client that can "
        "provoke them could put targets out of service for all.",
    )

    @model_validator(mode="after")
    def _counts_errors(self) -> "Ejection":
        if any(each.low < 500 for each in self.statuses):
            raise refused("`statuses` may hold errors of the server only, 500 to 599")
        if self.longest < self.duration:
            raise refused("`longest` must not be less than `for`")
        return self


class Nameserver(NamedTuple):
    """host: an IP address."""

    host: str
    port: int

    def __str__(self) -> str:
        return authority_text(self.host, self.port)


def parse_nameserver(value: object) -> Nameserver:
    """A Nameserver from "address" or "address:port". Raises PydanticCustomError."""
    try:
        return Nameserver(str(ipaddress.ip_address(value if isinstance(value, str) else "")), _DNS_PORT)
    except ValueError:
        pass
    try:
        bind = parse_bind(value)
        return Nameserver(str(ipaddress.ip_address(bind.host)), bind.port or _DNS_PORT)
    except (PydanticCustomError, ValueError):
        raise refused(_NAMESERVER_SAYS) from None


_NAMESERVER_SCHEMA = {"type": "string", "$comment": '"address" or "address:port"'}
NameserverText = Annotated[Nameserver, Notation(parse_nameserver, _NAMESERVER_SCHEMA, str)]


class Resolver(Settings):
    """How names of targets become addresses. The control process does it in the background and follows the DNS."""

    nameservers: tuple[NameserverText, ...] = Field(
        default=(),
        max_length=16,
        description="The name servers to ask. Not set: those of `/etc/resolv.conf`, with its search list.",
    )
    timeout: Annotated[float, DurationBetween("100ms", "1m")] = Field(
        default=5.0, description="Time for one name, over all name servers and tries. resolv.conf: 5 s for each try."
    )
    min_ttl: Annotated[float, DurationBetween("1s", "1h")] = Field(
        default=1.0, description="Time for which an answer counts at least, whatever its TTL says."
    )
    max_ttl: Annotated[float, DurationBetween("1s", "1d")] = Field(
        default=300.0, description="Time for which an answer counts at most, whatever its TTL says."
    )

    @model_validator(mode="after")
    def _is_in_order(self) -> "Resolver":
        if self.max_ttl < self.min_ttl:
            raise refused("`max_ttl` must not be less than `min_ttl`")
        return self
