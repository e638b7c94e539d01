"""A key behind the name of its scheme, as in `Authorization: ApiKey …` (RFC 9110 §11.4)."""

from hotgate.http.request import Request
from hotgate.identity.places.credential_field import only_value
from hotgate.identity.refusal import CredentialRefused


class SchemeSource:
    """What follows `scheme`, in any case, in a field. A value with another scheme is somebody else's.

    code: of the refusal when the field is there twice, or holds nothing behind the scheme.
    """

    def __init__(self, name: bytes, scheme: str, code: str) -> None:
        self.field: bytes | None = name
        self._name = name
        self._scheme = scheme.lower().encode("ascii")
        self._code = code

    def read(self, request: Request) -> bytes | None:
        """The key."""
        value = only_value(request.headers.fields, self._name, self._code)
        if value is None:
            return None
        scheme, _, key = value.partition(b" ")
        if scheme.lower() != self._scheme:
            return None
        key = key.strip(b" ")
        if not key:
            raise CredentialRefused(self._code, "a scheme without a key")
        return key

    def strip(self, request: Request) -> None:
        """Remove the field."""
        request.headers.fields = [field for field in request.headers.fields if field[0] != self._name]
