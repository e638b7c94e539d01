"""A client of the gateway: polite with `ask`, and as rude as a test needs it with `raw`."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterable
from typing import Any, NamedTuple

TIMEOUT = 20.0  # seconds; only a failing test takes so long

Fields = Iterable[tuple[str, str]]


class Answer(NamedTuple):
    """fields: names in lower case, in the order received."""

    status: int
    fields: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        """The body, which must be JSON."""
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of a problem; "" for any other answer."""
        is_problem = self.field("content-type") == "application/problem+json"
        return str(self.json["code"]) if is_problem else ""

    def all(self, name: str) -> list[str]:
        """The values of all fields of this name."""
        return [value for found, value in self.fields if found == name]

    def field(self, name: str) -> str:
        """The value of the only field of this name, or ""."""
        values = self.all(name)
        assert len(values) < 2, f"{name} is repeated: {values}"
        return values[0] if values else ""


class Customer:
    """One kept-alive connection. source: the local address to come from, one of 127.0.0.0/8. tls: to speak TLS with."""

    def __init__(self, port: int, source: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        address = (source, 0) if source != "127.0.0.1" else None
        self._connection = (
            http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT, source_address=address)
            if tls is None
            else http.client.HTTPSConnection("localhost", port, timeout=TIMEOUT, source_address=address, context=tls)
        )

    def ask(self, target: str, fields: Fields = (), *, method: str = "GET", body: bytes | None = None) -> Answer:
        """Send one request and read the whole answer."""
        self.send(target, fields, method=method, body=body)
        response = self._connection.getresponse()
        content = response.read()
        return Answer(response.status, [(name.lower(), value) for name, value in response.getheaders()], content)

    def send(self, target: str, fields: Fields = (), *, method: str = "GET", body: bytes | None = None) -> None:
        """Send one request and wait for nothing."""
        connection = self._connection
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in fields:
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def __enter__(self) -> "Customer":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def ask(
    port: int,
    target: str,
    fields: Fields = (),
    *,
    method: str = "GET",
    body: bytes | None = None,
    source: str = "127.0.0.1",
) -> Answer:
    """One request on a connection of its own."""
    with Customer(port, source) as customer:
        return customer.ask(target, fields, method=method, body=body)


def bearer(token: bytes) -> list[tuple[str, str]]:
    """The field that carries a token."""
    return [("Authorization", f"Bearer {token.decode()}")]


def connect(port: int) -> socket.socket:
    """A bare connection."""
    return socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT)


def raw(port: int, request: bytes) -> bytes:
    """Send bytes as they are, and read until the gateway closes. The request should say `Connection: close`."""
    with connect(port) as connection:
        connection.sendall(request)
        return read_all(connection)


def read_all(connection: socket.socket) -> bytes:
    """Everything until the other side closes; a reset counts as an end."""
    received = b""
    try:
        while data := connection.recv(65536):
            received += data
    except ConnectionResetError:
        pass
    return received
