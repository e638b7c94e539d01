"""Fields of requests that are the gateway's to set: a client's own go, in every spelling that backends confuse."""

from collections.abc import Iterable

from hotgate.http.bounded_cache import BoundedCache
from hotgate.http.headers import Field, Headers
from hotgate.http.reserved import spelling


class OwnFields:
    """names: lower case. spellings: theirs (`reserved.spelling`)."""

    def __init__(self, *names: bytes) -> None:
        self.spellings = owned = frozenset(map(spelling, names))
        # Names are the client's, so what is remembered of them is bounded.
        self._is_own = BoundedCache(lambda name: spelling(name) in owned, max_entries=1024, max_key_bytes=64)

    def set(self, headers: Headers, fields: Iterable[Field]) -> None:
        """Replace what the client has sent. The fields are valid already (`valid_field`)."""
        is_own = self._is_own
        kept = [field for field in headers.fields if not is_own[field[0]]]
        kept += fields
        headers.fields = kept
