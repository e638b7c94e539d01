"""Where in a request a credential stands: how it is read, and how it is taken out before a backend sees the request.

Whoever picks one of two credentials may pick another one than the backend does, so a place that is used twice is
refused. `field` is the header field that carries it, or None: clients cannot send that one as a trailer either.
"""

import binascii
from base64 import b64decode
from collections.abc import Callable
from string import ascii_letters, digits
from typing import Protocol
from urllib.parse import unquote_to_bytes

from hotgate.http.request import Request
from hotgate.identity.places.credential_field import bearer_token, only_value
from hotgate.identity.refusal import CredentialRefused

_AUTHORIZATION = b"authorization"
_COOKIE = b"cookie"
_SUBPROTOCOL = b"sec-websocket-protocol"
_TOKEN = frozenset(ascii_letters + digits + "!#$%&'*+-.^_`|~")  # RFC 9110 §5.6.2
# What is not in a cookie's name (RFC 6265 §4.1.1) and may stand around it: parsers trim tabs, quotes, and what Unicode
# calls white space, so that a backend would take what we did not see. Browsers trim none of it: a neighbouring host may
# set `"__Host-token"`, quotes and all. So such names are taken out, and not read.
_AROUND_NAMES = bytes(byte for byte in range(256) if chr(byte) not in _TOKEN)


class CredentialSource(Protocol):
    """`read` returns the credential or None; it raises CredentialRefused. `strip` removes it from the request."""

    @property
    def field(self) -> bytes | None: ...

    def read(self, request: Request) -> bytes | None: ...

    def strip(self, request: Request) -> None: ...


class HeaderSource:
    """The whole value of one header field. code: of the refusal when it is there twice."""

    def __init__(self, name: bytes, code: str) -> None:
        self.field: bytes | None = name
        self._name = name
        self._code = code

    def read(self, request: Request) -> bytes | None:
        """The value."""
        return only_value(request.headers.fields, self._name, self._code)

    def strip(self, request: Request) -> None:
        """Remove the field."""
        _remove_field(request, self._name)


class BearerSource:
    """`Authorization: Bearer …` (RFC 6750 §2.1); another scheme is somebody else's."""

    field: bytes | None = _AUTHORIZATION

    def read(self, request: Request) -> bytes | None:
        """The token."""
        value = only_value(request.headers.fields, _AUTHORIZATION, "token-malformed")
        return None if value is None else bearer_token(value)

    def strip(self, request: Request) -> None:
        """Remove the field."""
        _remove_field(request, _AUTHORIZATION)


class BasicSource:
    """`Authorization: Basic …` (RFC 7617) that carries one key: as the user or as the password, the other one empty.

    code: of the refusal when it is malformed or there twice.
    """

    field: bytes | None = _AUTHORIZATION

    def __init__(self, code: str) -> None:
        self._code = code

    def read(self, request: Request) -> bytes | None:
        """The key."""
        value = only_value(request.headers.fields, _AUTHORIZATION, self._code)
        if value is None or value[:6].lower() != b"basic ":
            return None
        try:
            user, colon, password = b64decode(value[6:].strip(b" "), validate=True).partition(b":")
        except binascii.Error:
            raise CredentialRefused(self._code, "Basic credentials that are not base64") from None
        if not colon or bool(user) == bool(password):
            raise CredentialRefused(self._code, "Basic credentials that are not one key beside an empty part")
        return user or password

    def strip(self, request: Request) -> None:
        """Remove the field."""
        _remove_field(request, _AUTHORIZATION)


class QuerySource:
    """A parameter of the query. URLs end up in logs and histories (RFC 6750 §5.3), so this is never on by default."""

    field: bytes | None = None

    def __init__(self, name: str, code: str) -> None:
        self._name = name.encode("ascii")
        self._code = code

    def read(self, request: Request) -> bytes | None:
        """The value, percent-decoded."""
        values = [part.partition(b"=")[2] for part in request.query.split(b"&") if self._is_named(part)]
        if len(values) > 1:
            raise CredentialRefused(self._code, "the parameter is there more than once")
        return unquote_to_bytes(values[0].replace(b"+", b" ")) if values else None

    def strip(self, request: Request) -> None:
        """Remove the parameter, in whatever spelling."""
        request.query = b"&".join(part for part in request.query.split(b"&") if not self._is_named(part))

    def _is_named(self, part: bytes) -> bool:
        return unquote_to_bytes(part.partition(b"=")[0].replace(b"+", b" ")) == self._name


class CookieSource:
    """A cookie (RFC 6265 §4.2.1). Browsers send cookies unasked: whoever uses this must think of CSRF."""

    field: bytes | None = None

    def __init__(self, name: str, code: str) -> None:
        self._name = name.encode("ascii")
        self._code = code

    def read(self, request: Request) -> bytes | None:
        """The value."""
        pairs = [pair for value in request.headers.get_all(_COOKIE) for pair in value.split(b";")]
        given = (pair.partition(b"=") for pair in pairs)
        values = [value.strip(b" \t") for name, _, value in given if name.strip(b" \t") == self._name]
        if len(values) > 1:
            raise CredentialRefused(self._code, "the cookie is there more than once")
        return values[0] if values else None

    def strip(self, request: Request) -> None:
        """Remove the cookie, and leave the others."""
        _rewrite_field(request, _COOKIE, self._others)

    def _others(self, value: bytes) -> bytes:
        pairs = (pair for pair in value.split(b";") if pair.partition(b"=")[0].strip(_AROUND_NAMES) != self._name)
        return b";".join(pairs).strip(b" ")


class SubprotocolSource:
    """A token among the WebSocket subprotocols, behind a prefix: browsers let scripts set no other field there."""

    field: bytes | None = None

    def __init__(self, prefix: str, code: str) -> None:
        self._prefix = prefix.encode("ascii")
        self._code = code

    def read(self, request: Request) -> bytes | None:
        """The token."""
        offered = [item for value in request.headers.get_all(_SUBPROTOCOL) for item in _items(value)]
        values = [item for item in offered if item.startswith(self._prefix)]
        if len(values) > 1:
            raise CredentialRefused(self._code, "more than one subprotocol carries a credential")
        return values[0].removeprefix(self._prefix) if values else None

    def strip(self, request: Request) -> None:
        """Remove the token, and leave what subprotocols the client really offers."""
        _rewrite_field(request, _SUBPROTOCOL, self._others)

    def _others(self, value: bytes) -> bytes:
        return b", ".join(item for item in _items(value) if not item.startswith(self._prefix))


def _items(value: bytes) -> list[bytes]:
    return [item.strip(b" \t") for item in value.split(b",")]


def _rewrite_field(request: Request, wanted: bytes, rewritten: Callable[[bytes], bytes]) -> None:
    """Change the values of a field; it goes where nothing is left of it."""
    fields = [(name, rewritten(value) if name == wanted else value) for name, value in request.headers.fields]
    request.headers.fields = [field for field in fields if field[0] != wanted or field[1]]


def _remove_field(request: Request, unwanted: bytes) -> None:
    request.headers.fields = [field for field in request.headers.fields if field[0] != unwanted]
