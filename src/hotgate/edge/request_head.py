"""The head of the request that a backend gets: every field that the gateway itself says is written here."""

from typing import TYPE_CHECKING

from hotgate.edge.field_names import FORWARDED_CERTIFICATE
from hotgate.edge.incoming import Incoming
from hotgate.http.forwarded import TrustedProxies, client_scheme, forwarded_fields, hops
from hotgate.http.headers import Field, joined_lines
from hotgate.http.hop_by_hop import WRITTEN_ANEW
from hotgate.http.request import Request
from hotgate.http.trace import Trace
from hotgate.identity.certificates.client_certificate import PresentedCertificate
from hotgate.pipeline.exchange import Exchange

if TYPE_CHECKING:
    from hotgate.edge.connection import ServerConnection

# Policies may set fields, but none by which the backend could read another message than the gateway sends.
_SPACES_IN_LINE = 2


def request_head(exchange: Exchange, incoming: Incoming, forwarded: bytes, trace: Trace, upstream_host: bytes) -> bytes:
    """The request line and fields, ended by an empty line. `upstream_host` replaces the client's Host if not empty.

    Framing is written anew from what was read, so that it cannot be ambiguous. A principal's fields come last and
    cannot have been sent by the client (see `field_names`). Raises ValueError for what a policy must not write.
    """
    request = exchange.request
    principal = exchange.principal
    line = b"%b %b HTTP/1.1" % (request.method.encode("ascii"), request.target)
    if line.count(b" ") != _SPACES_IN_LINE or b"\n" in line or b"\r" in line:
        raise ValueError("a policy made the method, path or query invalid")
    return b"%b\r\nhost: %b\r\n%b%b%bvia: %b hotgate\r\nx-request-id: %b\r\ntraceparent: %b\r\n%b\r\n" % (
        line,
        upstream_host or request.authority,
        joined_lines([b"%b: %b\r\n" % field for field in request.headers.fields if field[0] not in WRITTEN_ANEW]),
        b"" if principal is None or not exchange.route.tells_identity else principal.backend_block,
        forwarded,
        request.version.encode("ascii"),
        exchange.request_id.encode("ascii"),
        trace.traceparent,
        _framing(request, incoming) if incoming.has_body or incoming.upgrade or request.body else b"",
    )


def forwarding_of(incoming: Incoming, connection: "ServerConnection") -> tuple[str, bytes]:
    """(the caller's address, the encoded forwarding fields). Kept per connection unless a trusted proxy speaks."""
    authority = incoming.request.authority
    trusted = connection.trusted_proxies
    if incoming.forwarding and trusted.trusts(connection.peer):
        return _forwarding_through(incoming.forwarding, incoming, connection, trusted)
    if authority != connection.forwarded_for:
        connection.forwarded_block = forwarded_fields((connection.peer,), connection.scheme, authority)
        connection.forwarded_for = authority
    return connection.peer, connection.forwarded_block


def certificate_of(incoming: Incoming, connection: "ServerConnection") -> PresentedCertificate | None:
    """The connection's certificate; with what a trusted proxy says about that of its own client."""
    said = [value for name, value in incoming.forwarding if name == FORWARDED_CERTIFICATE]
    own = connection.certificate
    if not said or not connection.trusted_proxies.trusts(connection.peer):
        return own
    return PresentedCertificate(() if own is None else own.chain, b",".join(said))


def _forwarding_through(
    claimed: tuple[Field, ...], incoming: Incoming, connection: "ServerConnection", trusted: TrustedProxies
) -> tuple[str, bytes]:
    def values(name: bytes) -> list[bytes]:
        return [value for field_name, value in claimed if field_name == name]

    believed = hops(connection.peer, values(b"x-forwarded-for"), values(b"forwarded"), trusted)
    scheme = client_scheme(connection.scheme, values(b"x-forwarded-proto"), connection.peer, trusted)
    incoming.request.scheme = scheme
    return believed[0], forwarded_fields(believed, scheme, incoming.request.authority)


def _framing(request: Request, incoming: Incoming) -> bytes:
    if incoming.upgrade:
        return b"connection: upgrade\r\nupgrade: %b\r\n" % incoming.upgrade
    if request.body is not None:
        return b"content-length: %d\r\n" % len(request.body)  # collected, and perhaps changed, by a policy
    expect = b"expect: 100-continue\r\n" if incoming.expects_continue else b""
    if incoming.chunked:
        return b"transfer-encoding: chunked\r\n" + expect
    return b"content-length: %d\r\n%b" % (incoming.length or 0, expect)
