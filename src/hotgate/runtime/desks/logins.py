"""Logins at OpenID Connect providers: the questions of workers, answered by `control/openid/`."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from hotgate.control.openid.logout_token import LogoutToken
from hotgate.control.openid.relying_parties import RelyingParties
from hotgate.control.openid.relying_party import RelyingParty
from hotgate.policies.oidc.oidc_settings import OidcSettings
from hotgate.runtime.desks.answers import Answers
from hotgate.runtime.desks.credential_store import CredentialStore
from hotgate.runtime.desks.keys import Keys
from hotgate.runtime.desks.single_use import SingleUse

Ask = Callable[[RelyingParty, Mapping[str, Any]], Awaitable[dict[str, Any]]]

_QUESTIONS: Mapping[str, Ask] = {
    "oidc.begin": RelyingParty.begin,
    "oidc.complete": RelyingParty.complete,
    "oidc.refresh": RelyingParty.refresh,
    "oidc.logout_url": RelyingParty.logout_url,
}


class LoginDesk:
    """parties: the providers. keys: of them. credentials: has the store that nodes may share. single_use: of logout
    tokens."""

    def __init__(self, answers: Answers, keys: Keys, credentials: CredentialStore, single_use: SingleUse) -> None:
        self.parties = RelyingParties(keys.documents, keys.refresh, lambda: credentials.shared_store, single_use.claim)
        for about, ask in _QUESTIONS.items():
            answers.register(about, self._answer(ask))

    async def add(self, config: Any) -> None:
        """Know the providers of a configuration as well, before it is in force."""
        await self.parties.add(_entries(config))

    async def follow(self, config: Any) -> None:
        """Know the providers of a configuration, and no others."""
        await self.parties.follow(_entries(config))

    def state(self) -> list[dict[str, Any]]:
        """One object per entry, for metrics."""
        return self.parties.state()

    async def verify_logout_token(self, provider: str, token: bytes) -> LogoutToken:
        """What the provider of an entry tells of a logout. Raises KeyError, LoginFailed, ProviderUnavailable,
        StoreUnavailable."""
        return await self.parties[provider].verify_logout_token(token)

    async def stop(self) -> None:
        """End all work."""
        await self.parties.close()

    def _answer(self, ask: Ask) -> Callable[[Any], Awaitable[dict[str, Any]]]:
        """A worker whose configuration is new or old may name a provider that is not there: it hears that it failed."""

        async def answer(body: Any) -> dict[str, Any]:
            return await ask(self.parties[body["provider"]], body)

        return answer


def _entries(config: Any) -> dict[str, OidcSettings]:
    return {name: entry.settings for name, entry in config.identity.items() if entry.mechanism == "oidc"}
