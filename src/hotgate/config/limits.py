"""`limits:`: what the gateway takes from any client. docs/security/http.md sets the defaults beside those of others."""

from typing import Annotated

from pydantic import Field

from hotgate.config.settings import Settings, WholeNumber
from hotgate.config.units import DurationBetween, SizeBetween


class Limits(Settings):
    """Bounds on what a client may send or keep open. They hold for every listener, and numbers for each worker."""

    max_header_bytes: Annotated[int, SizeBetween("1KiB", "1MiB")] = Field(
        default=32 * 1024, description="All header fields of a request together; more is answered 431. nginx: 32k."
    )
    max_headers: Annotated[int, WholeNumber(1, 1000)] = Field(
        default=100, description="The number of header fields of a request; more is answered 431. Envoy: 100."
    )
    max_target: Annotated[int, SizeBetween("128", "64KiB")] = Field(
        default=8 * 1024, description="The request target (path and query); longer is answered 414. nginx: 8k."
    )
    tls_handshake: Annotated[float, DurationBetween("100ms", "10m")] = Field(
        default=10.0,
        description="Time from a new connection to the end of its TLS handshake; then it is closed. Two round trips "
        "and a slow phone need less than 10 s. nginx: 60 s.",
    )
    first_byte_timeout: Annotated[float, DurationBetween("100ms", "10m")] = Field(
        default=10.0,
        description="Time from a new connection to its first byte; then it is closed. HAProxy: within"
        " `timeout http-request`.",
    )
    header_timeout: Annotated[float, DurationBetween("100ms", "10m")] = Field(
        default=15.0,
        description="Time from a request's first byte to the end of its header section; later is answered 408."
        " Apache: 20 s.",
    )
    keep_alive: Annotated[float, DurationBetween("0s", "1h")] = Field(
        default=75.0, description="Time for which an idle client connection stays open. nginx: 75 s."
    )
    body_idle: Annotated[float, DurationBetween("100ms", "1h")] = Field(
        default=30.0,
        description="Longest pause while a body is being received or sent; a longer one is answered 408, or the "
        "answer is cut. nginx: 60 s.",
    )
    min_body_rate: Annotated[int, SizeBetween("0", "1GiB")] = Field(
        default=240,
        description="Bytes per second that a client must send of a body, on average; slower is answered 408. Time in"
        " which the backend is the slow one does not count. 0: any rate. Kestrel: 240.",
    )
    min_read_rate: Annotated[int, SizeBetween("0", "1GiB")] = Field(
        default=240,
        description="Bytes per second that a client must take, on average, of an answer that it does not read as fast"
        " as it comes; slower is cut. 0: any rate. Kestrel: 240.",
    )
    rate_grace: Annotated[float, DurationBetween("0s", "10m")] = Field(
        default=5.0, description="Time after which the two rates count. Kestrel: 5 s."
    )
    request_buffer: Annotated[int, SizeBetween("0", "64KiB")] = Field(
        default=16 * 1024,
        description="How much of a body of known length must be there before a connection to the backend is taken;"
        " the rest streams. 0: nothing. HAProxy: `option http-buffer-request`.",
    )
    max_pipelined: Annotated[int, WholeNumber(1, 1000)] = Field(
        default=32,
        description="Requests of one connection that may wait for the answer to an earlier one; no more is read then.",
    )
    max_requests_per_connection: Annotated[int, WholeNumber(1, 1_000_000_000)] = Field(
        default=10_000,
        description="Requests that a connection may bring; then it is closed, which also spreads clients over the "
        "workers anew. nginx: 1,000.",
    )
    max_connections: Annotated[int, WholeNumber(1, 1_000_000)] = Field(
        default=20_000, description="Client connections that each worker may have; more are answered 503 and closed."
    )
    max_connections_per_address: Annotated[int, WholeNumber(1, 1_000_000)] = Field(
        default=10_000,
        description="Client connections that one address (for IPv6: one /64) may have with each worker; more are "
        "answered 503 and closed. Addresses in `trusted_proxies` may have any number. By default nobody gets more "
        "than half of all. nginx: `limit_conn`.",
    )
    worker_memory: Annotated[int, SizeBetween("64MiB", "1024GiB")] | None = Field(
        default=None,
        description="Resident memory above which a worker is replaced: one at a time, the new one first. Not set: no "
        "bound, for what is normal depends on routes and connections. uWSGI: `reload-on-rss`.",
    )
    drain: Annotated[float, DurationBetween("0s", "1h")] = Field(
        default=30.0,
        description="Time for which requests in flight may go on when a worker is to end; then they are cut. Envoy: "
        "600 s.",
    )
