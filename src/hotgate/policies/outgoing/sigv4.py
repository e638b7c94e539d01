"""AWS Signature Version 4: what is signed, and how (AWS IAM User Guide, "Create a signed AWS API request").

Signed are method, path, query, Host, `content-type` and every `x-amz-*` field, a digest of the body, and the time.
"""

import hmac
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from urllib.parse import quote, quote_from_bytes, unquote_to_bytes

from hotgate.http.headers import Field
from hotgate.http.request import Request

UNSIGNED = "UNSIGNED-PAYLOAD"
_ALGORITHM = "AWS4-HMAC-SHA256"
_SAFE_IN_PATH = "/~"  # and what `quote` never escapes: letters, digits, `_.-`


@dataclass(frozen=True, slots=True)
class Scope:
    """What a key may sign. encodes_twice: the path is escaped once more than it is sent, as by every service but S3."""

    region: str
    service: str
    encodes_twice: bool = True


class SigV4:
    """One pair of keys, for one scope. The key that signs is derived once a day, the time is written once a second."""

    def __init__(self, scope: Scope, access_key_id: str, secret_access_key: str) -> None:
        self._scope = scope
        self._access_key_id = access_key_id
        self._secret = secret_access_key
        self._derived = _Derived()
        self._second, self._timestamp = -1, ""

    def timestamp(self, now: float) -> str:
        """`x-amz-date` at a time in epoch seconds."""
        if int(now) != self._second:
            self._second = int(now)
            self._timestamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        return self._timestamp

    def authorization(self, request: Request, host: bytes, timestamp: str, payload: str) -> bytes:
        """The value of `Authorization`. payload: the SHA-256 of the body in hex, or UNSIGNED."""
        signed = signed_fields(request.headers.fields, host)
        names = ";".join(signed)
        canonical = canonical_request(request, signed, payload, encodes_twice=self._scope.encodes_twice)
        day = timestamp[:8]
        scope = f"{day}/{self._scope.region}/{self._scope.service}/aws4_request"
        digest = sha256(canonical.encode("latin-1")).hexdigest()
        text = f"{_ALGORITHM}\n{timestamp}\n{scope}\n{digest}"
        signature = hmac.digest(self._key_of(day), text.encode("ascii"), "sha256").hex()
        credential = f"{self._access_key_id}/{scope}"
        value = f"{_ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
        return value.encode("ascii")

    def _key_of(self, day: str) -> bytes:
        if self._derived.day != day:
            key = f"AWS4{self._secret}".encode()
            for part in (day, self._scope.region, self._scope.service, "aws4_request"):
                key = hmac.digest(key, part.encode("ascii"), "sha256")
            self._derived = _Derived(day, key)
        return self._derived.key


@dataclass(frozen=True, slots=True)
class _Derived:
    day: str = ""
    key: bytes = field(default=b"", repr=False)


def canonical_request(request: Request, signed: dict[str, str], payload: str, *, encodes_twice: bool) -> str:
    """The text that stands for a request. signed: from `signed_fields`."""
    lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
    path = canonical_path(request.path, encodes_twice=encodes_twice)
    query = canonical_query(request.query)
    return f"{request.method}\n{path}\n{query}\n{lines}\n{';'.join(signed)}\n{payload}"


def signed_fields(fields: Iterable[Field], host: bytes) -> dict[str, str]:
    """Name → value in canonical form, sorted by name."""
    found: dict[str, list[str]] = {"host": [host.decode("latin-1")]}
    for name, value in fields:
        if name == b"content-type" or name.startswith(b"x-amz-"):
            # As bytes: spaces are what HTTP means by it, not what Unicode does.
            found.setdefault(name.decode("latin-1"), []).append(b" ".join(value.split()).decode("latin-1"))
    return {name: ",".join(found[name]) for name in sorted(found)}


def canonical_path(path: str, *, encodes_twice: bool) -> str:
    """Services escape the path that they get once more; S3 undoes its escapes, and escapes everything that it can."""
    if encodes_twice:
        return quote(path, safe=_SAFE_IN_PATH)
    return "/".join(quote_from_bytes(unquote_to_bytes(segment), safe="~") for segment in path.split("/"))


def canonical_query(query: bytes) -> str:
    """Parameters as the service reads them, a `+` being a space, escaped in one way and sorted."""
    parts = [part.partition(b"=") for part in query.split(b"&") if part]
    pairs = sorted((_escaped(name), _escaped(value)) for name, _, value in parts)
    return "&".join(f"{name}={value}" for name, value in pairs)


def _escaped(text: bytes) -> str:
    return quote_from_bytes(unquote_to_bytes(text.replace(b"+", b" ")), safe="~")
