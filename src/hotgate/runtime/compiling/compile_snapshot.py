"""What the edge looks at: the route table, the rules of listeners and requests, time-outs, bounds."""

from collections.abc import Mapping

from hotgate.config.gateway import Gateway
from hotgate.edge.context import ClientTimeouts, ListenerRules, Snapshot
from hotgate.edge.request_rules import RequestLimits, RequestRules
from hotgate.http.reserved import EXPLAIN_FIELD
from hotgate.pipeline.route import Route
from hotgate.routing.table import RouteTable


def snapshot_of(
    config: Gateway, table: RouteTable[Route], listeners: Mapping[str, ListenerRules], unmatched: Route
) -> Snapshot:
    limits = config.limits
    rules = RequestRules(
        RequestLimits(
            max_head_bytes=limits.max_header_bytes,
            max_target_bytes=limits.max_target,
            max_fields=limits.max_headers,
            max_pipelined=limits.max_pipelined,
        ),
        refuse_underscores=config.underscore_headers == "refuse",
        dotted_headers=config.dotted_headers,
        keep_encoded_slashes=config.encoded_slashes == "keep",
        read_fields=frozenset({EXPLAIN_FIELD}) if config.admin.explain else frozenset(),
    )
    return Snapshot(
        table=table,
        unmatched=unmatched,
        rules=rules,
        timeouts=ClientTimeouts(
            first_byte=limits.first_byte_timeout,
            head=limits.header_timeout,
            idle=limits.keep_alive,
            body=limits.body_idle,
            grace=limits.rate_grace,
            body_rate=limits.min_body_rate,
            read_rate=limits.min_read_rate,
            handshake=limits.tls_handshake,
        ),
        listeners=listeners,
        max_connections=limits.max_connections,
        max_connections_per_address=limits.max_connections_per_address,
        max_requests=limits.max_requests_per_connection,
        request_buffer=limits.request_buffer,
    )
