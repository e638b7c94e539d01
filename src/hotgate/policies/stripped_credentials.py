"""Which credentials a backend does not get: every one that the route could have asked for.

So it never sees one that nobody has verified. Only entries that have decided may forward their own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hotgate.identity.places.credential_source import CredentialSource
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.policy import Authenticator


class Stripping(Protocol):
    """What is done with the credentials of a caller who is known."""

    def strip(self, exchange: Exchange) -> None: ...


@dataclass(frozen=True, slots=True)
class StrippedCredentials:
    """fields: whole header fields, lower case. places: what is not a whole field."""

    fields: frozenset[bytes]
    places: tuple[CredentialSource, ...]

    def strip(self, exchange: Exchange) -> None:
        """Take them out of the request."""
        request = exchange.request
        headers = request.headers
        headers.fields = [field for field in headers.fields if field[0] not in self.fields]
        for place in self.places:
            place.strip(request)


def stripped(every: Iterable[Authenticator], deciding: Sequence[Authenticator]) -> StrippedCredentials:
    """What goes when these of the route's authenticators have decided."""
    sources = {source for authenticator in every for source in authenticator.sources}
    forwarded = {source for each in deciding if each.forwards_credential for source in each.sources}
    kept = {source.field for source in forwarded}
    return StrippedCredentials(
        frozenset(source.field for source in sources if source.field is not None and source.field not in kept),
        tuple(source for source in sources if source.field is None and source not in forwarded),
    )
