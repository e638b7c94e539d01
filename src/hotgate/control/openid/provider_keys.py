"""The keys of a provider, as the control process has fetched them for all."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from hotgate.control.openid.failures import LoginFailed, ProviderUnavailable
from hotgate.identity.refusal import CredentialRefused, KeySetUnavailable
from hotgate.identity.verification_keys.key_set import KeySet

T = TypeVar("T")


class ProviderKeys:
    """name: of the set. documents: the JWKS documents known now, by name. refresh: fetches a set again, unless that
    was done a moment ago."""

    def __init__(
        self, name: str, documents: Callable[[], Mapping[str, Any]], refresh: Callable[[str], Awaitable[Any]]
    ) -> None:
        self._name = name
        self._documents = documents
        self._refresh = refresh
        self._keys = KeySet(name)
        self._document: Any = None

    async def verified(self, verify: Callable[[KeySet], T]) -> T:
        """What `verify` gives; it is called once more where the provider may have a new key.

        Raises LoginFailed for CredentialRefused, and ProviderUnavailable without any keys.
        """
        try:
            return verify(self._current())
        except (CredentialRefused, KeySetUnavailable) as error:
            if isinstance(error, CredentialRefused) and error.code != "key-unknown":
                raise _failure(error) from None
        await self._refresh(self._name)
        try:
            return verify(self._current())
        except (CredentialRefused, KeySetUnavailable) as error:
            raise _failure(error) from None

    def _current(self) -> KeySet:
        document = self._documents().get(self._name)
        if document is not None and document is not self._document:
            self._keys.replace(document)
            self._document = document
        return self._keys


def _failure(error: CredentialRefused | KeySetUnavailable) -> LoginFailed | ProviderUnavailable:
    if isinstance(error, KeySetUnavailable):
        return ProviderUnavailable("its keys are not known yet")
    return LoginFailed(f"a token of the provider is refused: {error.log_detail}")
