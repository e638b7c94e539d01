"""What a route may ask of a request beyond host, path and method: header fields and query parameters."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from hotgate.http.request import Request

if TYPE_CHECKING:
    from hotgate.routing.version import VersionCondition

Required = tuple[str, str | None]  # name, and the value, or None: any value will do
Parameters = Mapping[str, list[str]]

_MAX_PARAMETERS = 100


class Conditions:
    """All of them must hold. A value must be the only one of its name: what is sent twice equals nothing, for servers
    disagree on whether the first or the last counts.

    A client chooses what it sends, so conditions select among backends; they protect nothing.
    """

    __slots__ = ("headers", "query", "version")

    def __init__(
        self, headers: Sequence[Required], query: Sequence[Required], version: "VersionCondition | None" = None
    ) -> None:
        self.headers = tuple((_field_name(name), _field_value(value)) for name, value in headers)
        self.query = tuple(query)
        self.version = version

    def __len__(self) -> int:
        return len(self.headers) + len(self.query) + (self.version is not None)

    def hold(self, request: Request, parameters: Parameters) -> bool:
        """Whether a request, with these query parameters, meets all conditions."""
        for name, value in self.headers:
            sent = request.headers.get_all(name)
            if not sent or (value is not None and sent != [value]):
                return False
        for key, text in self.query:
            given = parameters.get(key)
            if not given or (text is not None and given != [text]):
                return False
        return self.version is None or self.version.holds(request)

    def by_name(self) -> dict[tuple[str, str | bytes], str | bytes | None]:
        """(kind, name) → value or None, to compare two routes by."""
        required: dict[tuple[str, str | bytes], str | bytes | None] = {}
        required.update({("header", name): value for name, value in self.headers})
        required.update({("query", key): text for key, text in self.query})
        if self.version is not None:
            required["version", self.version.reader.name] = self.version.plain
        return required


NO_PARAMETERS: Parameters = {}


def query_parameters(query: bytes) -> Parameters:
    """Name → values, decoded as HTML forms are. One with more than a hundred parameters counts as having none."""
    try:
        return parse_qs(query.decode("ascii"), keep_blank_values=True, max_num_fields=_MAX_PARAMETERS)
    except ValueError:
        return NO_PARAMETERS


def _field_name(name: str) -> bytes:
    return name.lower().encode("latin-1")


def _field_value(value: str | None) -> bytes | None:
    return None if value is None else value.encode("latin-1")
