"""A listener that serves nothing but the way to HTTPS."""

from hotgate.edge.incoming import Incoming
from hotgate.edge.request_reader import RequestOwner
from hotgate.http.headers import Headers, valid_field
from hotgate.http.response import Response

_HTTPS = 443
_ABOUT_THE_SERVER = b"*"  # of OPTIONS (RFC 9112 §3.2.4): there is no such place to go to


class HttpsRedirect:
    """Stands before a connection and answers each request with the same address in https."""

    __slots__ = ("_owner", "_suffix", "on_client_hello")

    def __init__(self, owner: RequestOwner, port: int) -> None:
        self._owner = owner
        self._suffix = b"" if port == _HTTPS else b":%d" % port
        self.on_client_hello = owner.on_client_hello

    def on_incoming(self, incoming: Incoming) -> bool:
        if incoming.refusal is None and incoming.request.target != _ABOUT_THE_SERVER:
            incoming.refusal = self._answer(incoming)
        return self._owner.on_incoming(incoming)

    def _answer(self, incoming: Incoming) -> Response:
        """To the host that was asked for, and no other: it is validated, and what it serves is the client's affair."""
        request = incoming.request
        if not request.host:
            return Response.problem(400, code="host-missing", detail="A redirect to https needs a Host header.")
        location = b"https://%b%b%b" % (request.host.encode("ascii"), self._suffix, request.target)
        return Response(308, Headers([valid_field(b"location", location)]))
