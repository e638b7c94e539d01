"""Who calls, as an explanation sees it: a principal that was given, and which credentials a request carries."""

from collections.abc import Iterator, Mapping, Sequence

from hotgate.config.gateway import Gateway
from hotgate.control.api.explain import GivenPrincipal
from hotgate.http.request import Request
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.pipeline.policy import Authenticator

_UNNAMED = "given"


def given_principal(given: GivenPrincipal, config: Gateway, identities: Sequence[str]) -> Principal:
    """As an entry would have made it. identities: those that the route asks, in order."""
    provider = given.provider or next(iter(identities), _UNNAMED)
    entry = config.identity.get(provider)
    return Principal(
        given.subject,
        provider=provider,
        mechanism=given.mechanism or (entry.mechanism if entry is not None else _UNNAMED),
        scopes=frozenset(given.scopes),
        roles=frozenset(given.roles),
        groups=frozenset(given.groups),
        tier=given.tier,
        tenant=given.tenant,
        client=given.client,
        credential=given.credential,
        claims=dict(given.claims),
    )


def credential_notes(
    request: Request, identities: Sequence[str], compiled: Mapping[str, Authenticator]
) -> Iterator[str]:
    """Of each entry that the route asks, whether the request carries its kind of credential."""
    for name in identities:
        sources = compiled[name].sources if name in compiled else ()
        if not sources:
            yield f"{name}: it does not read a credential from a field or parameter"
            continue
        try:
            has_any = any(source.read(request) for source in sources)
        except CredentialRefused as refusal:
            yield f"{name}: a credential that is refused: {refusal.code}"
            continue
        yield f"{name}: {'a credential of its kind is there' if has_any else 'no credential of its kind'}"
