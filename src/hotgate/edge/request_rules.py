"""The bounds and options by which requests are read, and the verdict on one that breaks them."""

from typing import Literal

from hotgate.edge.field_names import field_names
from hotgate.http.bounded_cache import BoundedCache
from hotgate.http.headers import Field
from hotgate.http.response import Response
from hotgate.http.targets import canonical, host_of


class RequestLimits:
    """Bounds of one request. Bytes, except max_fields and max_pipelined (counts).

    unmeasured_bytes: a head of no more bytes cannot break a bound of size.
    """

    __slots__ = ("max_fields", "max_head_bytes", "max_pipelined", "max_target_bytes", "unmeasured_bytes")

    def __init__(
        self,
        *,
        max_head_bytes: int = 32 * 1024,
        max_target_bytes: int = 8 * 1024,
        max_fields: int = 100,
        max_pipelined: int = 32,
    ) -> None:
        self.max_head_bytes = max_head_bytes
        self.max_target_bytes = max_target_bytes
        self.max_fields = max_fields
        self.max_pipelined = max_pipelined
        self.unmeasured_bytes = min(max_head_bytes, max_target_bytes)


class RequestRules:
    """How requests are read; the memos live here, so that connections share them."""

    __slots__ = ("hosts", "limits", "names", "targets")

    def __init__(
        self,
        limits: RequestLimits | None = None,
        *,
        refuse_underscores: bool = False,
        dotted_headers: Literal["pass", "drop", "refuse"] = "pass",
        keep_encoded_slashes: bool = False,
        read_fields: frozenset[bytes] = frozenset(),
    ) -> None:
        """read_fields: names of the gateway's own that a step of every route reads and removes."""
        self.limits = limits or RequestLimits()
        self.names = field_names(refuse_underscores=refuse_underscores, dots=dotted_headers, read=read_fields)
        self.hosts: BoundedCache[str] = BoundedCache(host_of, max_entries=1024, max_key_bytes=128)

        def canonical_target(target: bytes) -> tuple[str, bytes]:
            return canonical(target, keep_encoded_slashes=keep_encoded_slashes)

        self.targets: BoundedCache[tuple[str, bytes]] = BoundedCache(
            canonical_target, max_entries=4096, max_key_bytes=256
        )


class Refused(Exception):
    """A request that is malformed or over a limit. The connection is closed after the answer."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code

    def response(self) -> Response:
        """The answer for the client."""
        return Response.problem(self.status, code=self.code, detail=str(self))


def check_size(target: bytes, fields: list[Field], limits: RequestLimits) -> None:
    """The bytes fed may include a body or further requests, so measure before refusing."""
    head_bytes = len(target) + sum(len(name) + len(value) + 4 for name, value in fields)
    fits = head_bytes <= limits.max_head_bytes and len(fields) <= limits.max_fields
    if not fits or len(target) > limits.max_target_bytes:
        raise too_large(target, limits)


def too_large(target: bytes, limits: RequestLimits) -> Refused:
    if len(target) > limits.max_target_bytes:
        return Refused(414, "target-too-long", f"The request target is longer than {limits.max_target_bytes} bytes.")
    return Refused(
        431,
        "headers-too-large",
        f"The header section is larger than {limits.max_head_bytes} bytes or {limits.max_fields} fields.",
    )
