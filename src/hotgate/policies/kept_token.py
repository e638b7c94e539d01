"""The caller's token, kept for an upstream that is shown another one in exchange for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hotgate.pipeline.exchange import Exchange
from hotgate.pipeline.outgoing import CREDENTIAL
from hotgate.pipeline.policy import Authenticator, ShowsToken
from hotgate.policies.stripped_credentials import Stripping


@dataclass(frozen=True, slots=True)
class KeptToken:
    """In place of StrippedCredentials. owner: who has recognised the caller."""

    stripped: Stripping
    owner: ShowsToken

    def strip(self, exchange: Exchange) -> None:
        """Keep the token, then take all credentials out of the request."""
        token = self.owner.presented_token(exchange)
        if token is not None:
            exchange.state[CREDENTIAL] = token
        self.stripped.strip(exchange)


def with_tokens(stripped: Mapping[str, Stripping], every: Sequence[Authenticator]) -> dict[str, Stripping]:
    """The same, by the provider that leads, but the tokens of those that have any are kept."""
    owners = {each.name: each for each in every if isinstance(each, ShowsToken)}
    if not owners:
        raise ValueError("the upstream is shown a token in exchange for the caller's, and none of these takes tokens")
    return {name: KeptToken(each, owners[name]) if name in owners else each for name, each in stripped.items()}
