"""`authenticate: [corp, partners]`: any one of the named entries of `identity:` must recognise the caller.

They are asked in order, and the first that finds its kind of credential decides: a bad token is refused even if a
good key came with it. Once the caller is known, every credential that the route could have asked for is removed, so
that the backend never sees one that nobody has verified; only the deciding entry may forward its own.
"""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass

from hotgate.http.request import Request
from hotgate.http.reserved import spelling
from hotgate.http.response import Response
from hotgate.identity.challenge import credential_missing
from hotgate.identity.credential_source import CredentialSource
from hotgate.identity.principal import Principal
from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.phase import Phase
from hotgate.pipeline.policy import Authenticator, CompileContext, PhasedStep, PolicySpec
from hotgate.pipeline.route import Outcome, Step
from hotgate.policies.issuer_choice import IssuerChoice, with_choices


def compile_authenticate(names: Sequence[str], context: CompileContext) -> list[PhasedStep]:
    """One step. Raises ValueError for unknown and repeated names."""
    authenticators = [_named(name, context) for name in names]
    if not authenticators or len(set(names)) != len(names):
        raise ValueError("authenticate needs at least one name, and each only once")
    challenges = tuple(authenticator.challenge for authenticator in authenticators)
    step = _step(with_choices(authenticators), _stripped(authenticators), challenges)
    fields = [source.field for authenticator in authenticators for source in authenticator.sources]
    owned = frozenset(spelling(field) for field in fields if field is not None)
    return [PhasedStep(Phase.AUTHENTICATE, step, owned_fields=owned)]


def _named(name: str, context: CompileContext) -> Authenticator:
    authenticator = context.identities.get(name)
    if authenticator is None:
        raise ValueError(f"there is no {name!r} under identity")
    return authenticator


@dataclass(frozen=True, slots=True)
class Stripped:
    """What the backend does not get. fields: whole header fields, lower case. places: what is not a whole field."""

    fields: frozenset[bytes]
    places: tuple[CredentialSource, ...]

    def strip(self, request: Request) -> None:
        """Take it out of a request."""
        headers = request.headers
        headers.fields = [field for field in headers.fields if field[0] not in self.fields]
        for place in self.places:
            place.strip(request)


def _stripped(authenticators: Sequence[Authenticator]) -> dict[str, Stripped]:
    """What the backend does not get, by the entry that decides."""
    every = {source for authenticator in authenticators for source in authenticator.sources}
    return {each.name: _without(every, each.sources if each.forwards_credential else ()) for each in authenticators}


def _without(sources: set[CredentialSource], forwarded: Sequence[CredentialSource]) -> Stripped:
    kept = {source.field for source in forwarded}
    return Stripped(
        frozenset(source.field for source in sources if source.field is not None and source.field not in kept),
        tuple(source for source in sources if source.field is None and source not in forwarded),
    )


def _step(
    asked: Sequence[Authenticator | IssuerChoice],
    stripped: Mapping[str, Stripped],
    challenges: tuple[str, ...],
) -> Step:
    def conclude(exchange: Exchange, found: object) -> Outcome:
        if isinstance(found, Principal):
            exchange.principal = found
            stripped[found.provider].strip(exchange.request)
            return None
        if isinstance(found, Response):
            return found
        # Going on would let the request through: raising refuses it (500).
        raise TypeError(f"an authenticator answered with {type(found).__name__}")

    async def conclude_later(exchange: Exchange, pending: Awaitable[object]) -> Outcome:
        return conclude(exchange, await pending)

    def authenticate(exchange: Exchange) -> Outcome | Awaitable[Outcome]:
        for authenticator in asked:
            found = authenticator.authenticate(exchange)
            if found is None:
                continue
            if not isinstance(found, Principal) and isinstance(found, Awaitable):
                return conclude_later(exchange, found)
            return conclude(exchange, found)
        return credential_missing(challenges)

    return authenticate


POLICY = PolicySpec("authenticate", tuple[str, ...], compile_authenticate)
