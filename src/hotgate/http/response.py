"""A response that a policy or the gateway itself answers with, and the head of an upstream's answer."""

import json
from collections.abc import Mapping
from typing import Any

from hotgate.http.headers import Field, Headers, decode_fields, encode_fields, valid_field
from hotgate.http.problem import problem_body

_TOKEN_SCHEMES = (b"Bearer ", b"DPoP ")
_SECOND = b', Bearer realm="'


class Response:
    """status: 200 to 599; ValueError otherwise. body: None for an upstream's answer, whose body streams past.

    code: the stable problem code, for logs. log_detail: for operators only.
    """

    __slots__ = ("_added", "_encoded", "_headers", "_received", "body", "code", "log_detail", "status")

    def __init__(self, status: int, headers: Headers | None = None, body: bytes | None = b"") -> None:
        if not 200 <= status <= 599:
            raise ValueError("a final answer has a status from 200 to 599")  # RFC 9110 §15
        if body is not None and not isinstance(body, bytes):
            raise TypeError("a body is bytes; Response.text and Response.json encode for you")
        self.status = status
        self.body = body
        self.code = self.log_detail = ""
        self._headers = Headers() if headers is None else headers
        self._received: tuple[Field, ...] = ()
        self._added = b""
        self._encoded = b""

    @classmethod
    def received(cls, status: int, fields: tuple[Field, ...], encoded: bytes) -> "Response":
        """The head of an upstream's answer. encoded: the wire form of `fields`, so that it need not be made again."""
        response = cls(status, _NOT_READ, None)
        response._received = fields
        response._encoded = encoded
        return response

    @property
    def headers(self) -> Headers:
        """The fields, for reading and changing."""
        if self._headers is _NOT_READ:
            self._headers = Headers(self._received)
        if self._added:
            self._headers.fields += decode_fields(self._added)
            self._added = b""
        return self._headers

    def add_encoded(self, block: bytes) -> None:
        """Append encoded fields. They are decoded only if somebody asks for `headers`."""
        self._added += block

    def extend_challenges(self, parameter: bytes) -> None:
        """Add a parameter, once, to every challenge for a token (RFC 9110 §11.6.1), as RFC 9728 §5.1 does."""
        fields = self.headers.fields
        for index, (name, value) in enumerate(fields):
            if name == b"www-authenticate" and value.startswith(_TOKEN_SCHEMES) and parameter not in value:
                # A field may hold two; no quoted text has a quote in it, so this stands only between them.
                first_extended = value.replace(_SECOND, b", %b%b" % (parameter, _SECOND))
                fields[index] = (name, b"%b, %b" % (first_extended, parameter))

    def encoded_fields(self, omitted: frozenset[bytes]) -> bytes:
        """The wire form of the fields, less those with an omitted name: neither received nor encoded ones have it."""
        if self._headers is _NOT_READ:
            return self._encoded + self._added
        fields = [field for field in self._headers.fields if field[0].lower() not in omitted]  # as a policy spelt it
        return encode_fields(fields) + self._added

    def copy(self) -> "Response":
        """One that may be changed while this one is given to other requests as well."""
        copied = Response(self.status, Headers(list(self.headers.fields)), self.body)
        copied.code, copied.log_detail = self.code, self.log_detail
        return copied

    @classmethod
    def problem(
        cls,
        status: int,
        *,
        code: str,
        detail: str = "",
        headers: Mapping[str, str] | None = None,
        log_detail: str = "",
    ) -> "Response":
        """An RFC 9457 answer. `detail` is shown to the client; `log_detail` only to operators.

        Raises InvalidHeader if a header cannot be written. The request id is added when the answer is sent.
        """
        if not (isinstance(code, str) and isinstance(detail, str) and isinstance(log_detail, str)):
            raise TypeError("code, detail and log_detail are text")
        response = cls(status, Headers([(b"content-type", b"application/problem+json")]))
        response.code = code
        response.log_detail = log_detail
        response.body = problem_body(status, code, detail)
        for name, value in (headers or {}).items():
            response.headers.fields.append(valid_field(name.encode("latin-1"), value.encode("latin-1")))
        return response

    @classmethod
    def json(cls, content: Any, status: int = 200) -> "Response":
        """A JSON answer."""
        body = json.dumps(content, separators=(",", ":")).encode()
        return cls(status, Headers([(b"content-type", b"application/json")]), body)

    @classmethod
    def text(cls, content: str, status: int = 200) -> "Response":
        """A plain-text answer in UTF-8."""
        return cls(status, Headers([(b"content-type", b"text/plain; charset=utf-8")]), content.encode())

    def header(self, name: str) -> str | None:
        """The first value of a header as text, or None; any case of `name` will do."""
        value = self.headers.get(name.lower().encode("latin-1"))
        return None if value is None else value.decode("latin-1")

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.code}>"


_NOT_READ = Headers()  # stands for the fields of a received head until a policy asks for them
