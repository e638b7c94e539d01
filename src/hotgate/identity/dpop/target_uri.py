"""`htu`: whether the address in a proof is the one that a request was sent to (RFC 9449 §4.3, check 9)."""

from collections.abc import Iterable

from hotgate.http.bounded_cache import BoundedCache
from hotgate.http.request import Request
from hotgate.http.targets import BadTarget, canonical, host_of, split_absolute

_DEFAULT_PORTS = {"http": 80, "https": 443}
_MAX_KNOWN = 4096  # addresses
_MAX_LENGTH = 1024  # bytes of an address that is remembered

Uri = tuple[str, str]  # the origin as scheme://host:port, and the canonical path


class TargetUri:
    """origins: under which clients know the gateway. None of them: the one that each request itself names."""

    def __init__(self, origins: Iterable[str] = ()) -> None:
        self._normal = BoundedCache(normal_uri, max_entries=_MAX_KNOWN, max_key_bytes=_MAX_LENGTH)
        self._origins = frozenset(normal_uri(origin.encode("ascii"))[0] for origin in origins)

    def is_named_by(self, htu: str, request: Request) -> bool:
        """Whether `htu`, in whatever equal spelling, is the address of the request."""
        try:
            origin, path = self._normal[htu.encode("ascii")]
            return path == request.path and self._is_own(origin, request)
        except (BadTarget, UnicodeEncodeError):
            return False

    def wanted(self, request: Request) -> str:
        """The address that a proof for the request names, for logs."""
        origin = f"{request.scheme}://{request.authority.decode('latin-1')}"
        return f"{' or '.join(sorted(self._origins)) or origin} with {request.path}"

    def _is_own(self, origin: str, request: Request) -> bool:
        if self._origins:
            return origin in self._origins
        return origin == self._normal[b"%b://%b" % (request.scheme.encode("ascii"), request.authority)][0]


def normal_uri(uri: bytes) -> Uri:
    """An address in its one spelling, normalised by syntax and scheme (RFC 3986 §6.2.2, §6.2.3), as request targets
    are; query and fragment do not count. Raises BadTarget."""
    scheme, authority, target = split_absolute(uri.partition(b"#")[0].partition(b"?")[0])
    host = host_of(authority)
    port = authority[authority.rindex(b"]") :] if authority.startswith(b"[") else authority
    number = int(port.rpartition(b":")[2]) if b":" in port else _DEFAULT_PORTS[scheme]
    return f"{scheme}://{host}:{number}", canonical(target, keep_encoded_slashes=True)[0]
