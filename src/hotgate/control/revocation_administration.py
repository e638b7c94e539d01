"""What may be done about tokens that must no longer be accepted: the one place for its rules, whoever asks."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hotgate.config.gateway import Gateway
from hotgate.control.administration_error import AdministrationError, refusals_of_store
from hotgate.store.records import Revocation

if TYPE_CHECKING:
    from hotgate.store.store import Store

PAGE = 100
_MECHANISMS = ("jwt", "introspection", "oidc", "basic", "ldap")  # those that ask `Revocations` about a caller


class RevocationAdministration:
    """clock: seconds since the epoch. providers: whose tokens there are. Every method raises AdministrationError, and
    StoreUnavailable."""

    def __init__(self, store: "Store", clock: Callable[[], float], providers: Collection[str]) -> None:
        self._store = store
        self._clock = clock
        self._providers = providers

    async def add(self, revocation: Revocation) -> Revocation:
        """Refuse these tokens from now on; it is `created` now. Code: invalid.

        Kind "all" without `before` means every token that was issued until now: without a bound, none would ever be
        good again.
        """
        self._check_provider(revocation.provider)
        now = self._clock()
        if revocation.expires is not None and revocation.expires <= now:
            raise AdministrationError("invalid", "the expiry lies in the past", member="expires")
        before = now if revocation.kind == "all" and revocation.before is None else revocation.before
        added = replace(revocation, before=before, created=now)
        with refusals_of_store():
            await self._store.revoke(added)
        return added

    async def list(self, after: tuple[str, str, str] = ("", "", ""), limit: int = PAGE) -> Sequence[Revocation]:
        """By provider, kind and value, the first `limit` behind such a triple."""
        return await self._store.revocations(after, limit)

    async def lift(self, provider: str, kind: str, value: str = "") -> None:
        """Accept these tokens again. Code: revocation-unknown."""
        with refusals_of_store():
            await self._store.lift(provider, kind, value)

    def _check_provider(self, name: str) -> None:
        """A misspelt provider would revoke nothing, and nobody would notice."""
        if name not in self._providers:
            known = ", ".join(self._providers) or "none"
            says = f"no entry {name!r} under `identity` has callers to revoke; those that do: {known}"
            raise AdministrationError("invalid", says, member="provider")


def token_providers(config: Gateway) -> tuple[str, ...]:
    """The entries of `identity` whose callers can be refused; keys and certificates are revoked by other means."""
    return tuple(name for name, entry in config.identity.items() if entry.mechanism in _MECHANISMS)
