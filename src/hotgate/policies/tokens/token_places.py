"""`token:` of a jwt entry: where in a request its tokens may stand, and how the one that is there is found."""

from collections.abc import Sequence
from typing import Annotated, Protocol

from pydantic import Field, model_validator

from hotgate.config.notation import refused
from hotgate.config.settings import Flag, Form, Settings, given
from hotgate.http.request import Request
from hotgate.identity.places.credential_field import bearer_token, only_value
from hotgate.identity.places.credential_source import (
    BearerSource,
    CredentialSource,
    HeaderSource,
    QuerySource,
    SubprotocolSource,
)
from hotgate.identity.places.same_site import SameSiteCookieSource
from hotgate.identity.tokens.jose_header import malformed
from hotgate.policies.credential_header import CredentialHeader

_MALFORMED = "token-malformed"

_PlaceName = Annotated[str, Form(r"[A-Za-z0-9_.-]{1,64}", "use letters, digits, '_', '.' and '-', at most 64")]


class TokenPlaces(Settings):
    """Where the token may stand. A request with tokens in two of the places is refused."""

    bearer: Flag = Field(default=True, description="`Authorization: Bearer …` (RFC 6750, section 2.1).")
    header: CredentialHeader | None = Field(
        default=None, description="A header field that holds nothing but the token."
    )
    cookie: _PlaceName | None = Field(
        default=None,
        description="A cookie. Requests of other sites that could change something (`Sec-Fetch-Site`, `Origin`) are"
        " answered with 403.",
    )
    query: _PlaceName | None = Field(
        default=None,
        description="A parameter of the query. Addresses end up in histories and in logs of others: avoid it.",
    )
    subprotocol: _PlaceName | None = Field(
        default=None,
        description="The prefix of a WebSocket subprotocol that carries the token, for browsers, such as `bearer.`",
    )

    @model_validator(mode="after")
    def _is_somewhere(self) -> "TokenPlaces":
        if not self.bearer and not given(self, ("header", "cookie", "query", "subprotocol")):
            raise refused("name a place for the token")
        return self

    @property
    def is_only_authorization(self) -> bool:
        """Whether tokens stand there alone."""
        return self.bearer and not given(self, ("header", "cookie", "query", "subprotocol"))

    def finder(self) -> "TokenFinder":
        """What finds the token of a request."""
        sources: list[CredentialSource] = [BearerSource()] if self.bearer else []
        if self.header:
            sources.append(HeaderSource(self.header.encode("ascii"), _MALFORMED))
        if self.cookie:
            sources.append(SameSiteCookieSource(self.cookie, _MALFORMED))
        if self.query:
            sources.append(QuerySource(self.query, _MALFORMED))
        if self.subprotocol:
            sources.append(SubprotocolSource(self.subprotocol, _MALFORMED))
        return BearerFinder() if self.is_only_authorization else PlaceFinder(sources)


class TokenFinder(Protocol):
    """`find` returns what a token is remembered by, `token` the token in it; both raise CredentialRefused.

    None of either: the request has no token, or something else where one could be.
    """

    @property
    def sources(self) -> Sequence[CredentialSource]: ...

    def find(self, request: Request) -> bytes | None: ...

    def token(self, found: bytes) -> bytes | None: ...


class BearerFinder:
    """Only `Authorization`: remembered as it came, so that a known token is not even taken out of its field."""

    sources: Sequence[CredentialSource] = (BearerSource(),)

    def find(self, request: Request) -> bytes | None:
        """The whole value of the field."""
        return only_value(request.headers.fields, b"authorization", _MALFORMED)

    def token(self, found: bytes) -> bytes | None:
        """The token, or None for another scheme."""
        return bearer_token(found)


class PlaceFinder:
    """Several places, or another one than `Authorization`."""

    def __init__(self, sources: Sequence[CredentialSource]) -> None:
        self.sources = tuple(sources)

    def find(self, request: Request) -> bytes | None:
        """The only token. The one that we pick of two might not be the one that the backend would pick."""
        found = [token for source in self.sources if (token := source.read(request)) is not None]
        if len(found) > 1:
            raise malformed("tokens in two places")
        return found[0] if found else None

    def token(self, found: bytes) -> bytes | None:
        """The same."""
        return found
