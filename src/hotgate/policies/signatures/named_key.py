"""Where a signature stands in a request. What is counted of a bad one is the key that it names, not its octets."""

from hotgate.http.request import Request

_LONGEST = 128  # bytes of a name


class NamedKeySource:
    """field: lower case. mark: what stands before the name of the key, which ends at a quote."""

    def __init__(self, field: bytes, mark: bytes) -> None:
        self.field: bytes | None = field
        self._name = field
        self._mark = mark

    def read(self, request: Request) -> bytes | None:
        """The name of the key, or None. Nothing is verified, so it serves to count attempts and for nothing else."""
        value = request.headers.get(self._name) or b""
        _, mark, rest = value.partition(self._mark)
        return rest.partition(b'"')[0][:_LONGEST] or None if mark else None

    def strip(self, request: Request) -> None:
        """Remove the field."""
        request.headers.remove(self._name)
