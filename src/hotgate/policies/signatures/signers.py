"""Whose key a `keyid` names: keys of the file first, then those that callers publish (JWKS)."""

from collections.abc import Mapping, Sequence
from itertools import chain

from hotgate.identity.principal import Principal
from hotgate.identity.signatures.request_verifier import Signer
from hotgate.identity.signatures.signature_key import PublicMessageKey, UnfitKey
from hotgate.identity.verification_keys.key_set import KeySet
from hotgate.identity.verification_keys.key_sets import KeySets


class PublishedSigners:
    """The keys that one caller publishes, as signers; made anew when another document has arrived."""

    def __init__(self, keys: KeySet, caller: Principal) -> None:
        self.keys = keys
        self._caller = caller
        self._generation = 0
        self._signers: dict[str, Signer] = {}

    def find(self, key_id: str) -> Signer | None:
        """The key of that name."""
        return self.by_key_id().get(key_id)

    def by_key_id(self) -> Mapping[str, Signer]:
        """All of them, as they are now."""
        if self._generation != self.keys.generation:
            self._generation = self.keys.generation
            self._signers = dict(self._usable())
        return self._signers

    def _usable(self) -> list[tuple[str, Signer]]:
        """Keys without a name, or for an algorithm that signs no messages, are ignored."""
        usable = []
        for key in self.keys.keys:
            try:
                signer = Signer(PublicMessageKey(key), self._caller)
            except UnfitKey:
                continue
            if key.kid is not None:
                usable.append((key.kid, signer))
        return usable


class Signers:
    """fixed: those of the file, by keyid."""

    def __init__(self, fixed: Mapping[str, Signer], published: Sequence[PublishedSigners], key_sets: KeySets) -> None:
        self._fixed = fixed
        self._published = tuple(published)
        self._key_sets = key_sets

    def find(self, key_id: str | None) -> Signer | None:
        """The signer, or None. A caller who publishes a name of somebody else's only ever signs as itself."""
        if key_id is None:
            return None
        signer = self._fixed.get(key_id)
        if signer is None and self._published:
            return next((found for each in self._published if (found := each.find(key_id)) is not None), None)
        return signer

    def any(self) -> Signer | None:
        """One of them, if there is any."""
        every = chain(self._fixed.values(), *(each.by_key_id().values() for each in self._published))
        return next(every, None)

    @property
    def are_loaded(self) -> bool:
        """Whether every caller's keys have been there once."""
        return all(each.keys.is_loaded for each in self._published)

    @property
    def may_refresh(self) -> bool:
        """Whether it would help to ask for fresher keys now."""
        return any(self._key_sets.may_refresh(each.keys.name) for each in self._published)

    async def refresh(self) -> None:
        """Ask for fresher keys, and wait a little."""
        for each in self._published:
            if self._key_sets.may_refresh(each.keys.name):
                await self._key_sets.refresh(each.keys.name)
