"""One request in its canonical form: what every policy sees, and what the backend gets."""

from hotgate.http.headers import Headers


class Request:
    """method: upper case. path: canonical, percent-encoded, ASCII. query: raw, without `?`. host: lower case, no port.

    `version` is "1.0" or "1.1". `body` is None unless a policy of the route asked for the whole body.

    sent_target: the target as the client wrote it, of which `path` and `query` were made; for signatures alone.
    content_length: as declared, or None. is_chunked: there is a body whose length nobody has declared.
    """

    __slots__ = (
        "authority",
        "body",
        "content_length",
        "headers",
        "host",
        "is_chunked",
        "method",
        "path",
        "query",
        "scheme",
        "sent_target",
        "version",
    )

    def __init__(
        self,
        method: str,
        path: str,
        headers: Headers,
        host: str = "",
        authority: bytes = b"",
        query: bytes = b"",
        scheme: str = "http",
        version: str = "1.1",
        body: bytes | None = None,
        sent_target: bytes = b"",
        content_length: int | None = None,
    ) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.host = host
        self.authority = authority
        self.query = query
        self.scheme = scheme
        self.version = version
        self.body = body
        self.sent_target = sent_target or self.target
        self.content_length = content_length
        self.is_chunked = False

    def header(self, name: str) -> str | None:
        """The first value of a header as text (Latin-1, as HTTP defines it), or None; any case of `name` will do."""
        value = self.headers.get(name.lower().encode("latin-1"))
        return None if value is None else value.decode("latin-1")

    @property
    def target(self) -> bytes:
        """Origin form: path and query, as the backend's request line shows it (RFC 9112 §3.2.1)."""
        path = self.path.encode("ascii")
        return b"%b?%b" % (path, self.query) if self.query else path

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.host}{self.path}>"  # a query may carry secrets
