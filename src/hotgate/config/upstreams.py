"""`upstreams:`: the backends, how they are chosen and how long they may take."""

from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler, model_validator
from pydantic_core import CoreSchema

from hotgate.config.addresses import TargetText
from hotgate.config.balance import Balance, SimpleBalance
from hotgate.config.concurrency import UpstreamConcurrency
from hotgate.config.notation import refused
from hotgate.config.percent import PercentBetween
from hotgate.config.request_signing import RequestSigning
from hotgate.config.resilience import Ejection, Health
from hotgate.config.retries import Retries
from hotgate.config.settings import Settings, WholeNumber
from hotgate.config.units import DurationBetween, SizeBetween
from hotgate.config.upstream_credentials import Credentials
from hotgate.config.upstream_tls import UpstreamTls


class Target(Settings):
    """One backend. In the file its URL alone will do."""

    url: TargetText = Field(
        description='"http://host:port", "https://host:port" or "unix:/path/of.sock"; the path comes from the request.'
    )
    weight: Annotated[int, WholeNumber(1, 1000)] = Field(
        default=1, description="Its share of the requests, relative to the other targets."
    )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {
            "anyOf": [{"type": "string", "pattern": "^(https?://|unix:)"}, handler.resolve_ref_schema(handler(schema))]
        }

    @model_validator(mode="before")
    @classmethod
    def _from_url_alone(cls, value: Any) -> Any:
        return {"url": value} if isinstance(value, str) else value


class Timeouts(Settings):
    """How long an exchange with an upstream may take, phase by phase. Beyond it is answered 504."""

    connect: Annotated[float, DurationBetween("1ms", "10m")] = Field(
        default=2.0, description="Time until a new connection is ready, TLS included."
    )
    head: Annotated[float, DurationBetween("1ms", "1h")] | None = Field(
        default=None, description="Time until the answer's header section is there. Not set: as `read`."
    )
    read: Annotated[float, DurationBetween("1ms", "1h")] = Field(
        default=30.0, description="Longest pause while the answer's body is being received."
    )
    total: Annotated[float, DurationBetween("1ms", "1d")] | None = Field(
        default=None,
        description="Time from the request to the end of the answer, not of a WebSocket. Not set: no bound.",
    )

    @property
    def wait_for_head(self) -> float:
        """Seconds until the answer's header section must be there."""
        return self.read if self.head is None else self.head


class Upstream(Settings):
    """A group of equal backends."""

    targets: tuple[Target, ...] = Field(
        min_length=1, max_length=1000, description="The backends: URLs, or mappings of `url` and `weight`."
    )
    balance: SimpleBalance | Balance = Field(
        default="round_robin",
        description="Who is next: in turn; the one with the fewest requests in flight; the less busy of two picked at "
        "random; or, as a mapping, by a key of the request or a cookie.",
    )
    timeouts: Timeouts = Field(default=Timeouts(), description="How long an exchange may take, phase by phase.")
    retries: Retries | None = Field(
        default=None,
        description="When a request is sent once more. Not set: when no connection could be made, if there is another "
        "target.",
    )
    health: Health | None = Field(default=None, description="Active checks of the targets. Not set: none.")
    ejection: Ejection = Field(
        default=Ejection(), description="When a target that fails requests is out of service for a while."
    )
    panic_threshold: Annotated[float, PercentBetween(0, 100)] = Field(
        default=0.5,
        description="The share of available targets below which all are used, for the few left would not bear the "
        "load. 0%: never; then requests are answered 503 when no target is available. Envoy: 50 %.",
    )
    slow_start: Annotated[float, DurationBetween("0s", "1h")] = Field(
        default=0.0,
        description="Time in which a target that comes back into service is given its share again, beginning with 10 "
        "%. 0s: at once.",
    )
    max_connections: Annotated[int, WholeNumber(1, 100_000)] = Field(
        default=1024, description="Connections that each worker may have to each target; more requests wait for one."
    )
    concurrency: UpstreamConcurrency | None = Field(
        default=None,
        description="Requests that may be with the upstream at once; more wait for their turn. Not set: as many as"
        " there are connections.",
    )
    max_header_bytes: Annotated[int, SizeBetween("1KiB", "1MiB")] = Field(
        default=64 * 1024,
        description="All header fields of an answer together, and all its trailers; more is answered 502. Envoy:"
        " 60 KiB.",
    )
    max_headers: Annotated[int, WholeNumber(1, 1000)] = Field(
        default=200, description="The number of header fields of an answer; more is answered 502. Envoy: 100."
    )
    idle_timeout: Annotated[float, DurationBetween("0s", "1h")] = Field(
        default=60.0,
        description="Time for which an idle connection to a target stays open, less up to a tenth at random.",
    )
    max_age: Annotated[float, DurationBetween("1s", "30d")] = Field(
        default=3600.0,
        description="Age up to which a connection to a target takes requests, less up to a tenth at random, so that a "
        "pool does not turn over at once. nginx: `keepalive_time`, 1 h.",
    )
    max_requests: Annotated[int, WholeNumber(1, 1_000_000_000)] | None = Field(
        default=None,
        description="Requests that a connection to a target may serve; then it is closed. Not set: no bound.",
    )
    proxy_protocol: Literal["v1", "v2"] | None = Field(
        default=None,
        description="Begin each connection with a PROXY header that names the client. Such a connection serves one "
        "request, for it speaks of one client. Not set: no header.",
    )
    tls: UpstreamTls | None = Field(
        default=None,
        description="How targets with `https://` are verified, and what they are shown. Not set: by the system's "
        "authorities, and nothing.",
    )
    credentials: Credentials | None = Field(
        default=None,
        description="What the gateway shows to the targets, once every policy has let a request pass. Clients and logs"
        " never see it. Not set: nothing. A certificate is under `tls`.",
    )
    sign: RequestSigning | None = Field(
        default=None,
        description="What the gateway signs of each request, so that the targets can tell whose it is, and that nobody"
        " has changed it. Not set: nothing.",
    )
    host: Literal["preserve", "upstream"] = Field(
        default="preserve", description="The Host that targets see: the client's, or that of the target's URL."
    )

    @model_validator(mode="after")
    def _ejects_before_panic(self) -> "Upstream":
        if self.ejection.max_share + self.panic_threshold > 1:
            raise refused(
                "`ejection.max_share` and `panic_threshold` are more than 100% together: with so many targets out of "
                "service all are used again; lower one of them"
            )
        return self

    @model_validator(mode="after")
    def _has_tls_targets(self) -> "Upstream":
        if self.tls is not None and not any(target.url.scheme == "https" for target in self.targets):
            raise refused("`tls` has no use: no target starts with https://")
        return self
