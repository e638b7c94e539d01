"""The public keys of one issuer, replaced as a whole whenever a new JWKS document arrives (RFC 7517 §5)."""

import json
from collections.abc import Mapping
from typing import Any

from hotgate.identity import strict_json
from hotgate.identity.verification_keys.public_key import PublicKey, UnusableKey, parse_public_key

MAX_KEYS = 64
MAX_DOCUMENT_BYTES = 256 * 1024


class InvalidKeySet(ValueError):
    """A document that cannot become the key set; the keys that were there stay."""


class KeySet:
    """generation: 0 while nothing was ever loaded, one more with every change. keys: all usable ones."""

    __slots__ = ("generation", "keys", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.generation = 0
        self.keys: frozenset[PublicKey] = frozenset()

    @property
    def is_loaded(self) -> bool:
        """Whether there has ever been a valid document."""
        return self.generation > 0

    def replace(self, document: Mapping[str, Any]) -> None:
        """Take over the keys of a JWKS document. Raises InvalidKeySet, and changes nothing then."""
        keys = usable_keys(document)
        if keys != self.keys:
            self.keys = keys
            self.generation += 1

    def has_kid(self, kid: str) -> bool:
        """Whether any key has this name."""
        return any(key.kid == kid for key in self.keys)

    def find(self, kid: str | None, algorithm: str) -> PublicKey | None:
        """The one key that may verify `algorithm`: of that name, or, without one, the only one there is.

        None when there is no such key or more than one: trying several would let a token choose its key.
        """
        fitting = [key for key in self.keys if key.fits(algorithm) and (kid is None or key.kid == kid)]
        return fitting[0] if len(fitting) == 1 else None


def parse_document(text: bytes) -> dict[str, Any]:
    """The JWKS document in `text`, with at least one usable key. Raises InvalidKeySet."""
    if len(text) > MAX_DOCUMENT_BYTES:
        raise InvalidKeySet(f"more than {MAX_DOCUMENT_BYTES} bytes")
    try:
        document = strict_json.parse_object(text)
    except ValueError as error:
        raise InvalidKeySet(f"not a JSON object: {error}") from None
    usable_keys(document)
    return document


def usable_keys(document: Mapping[str, Any]) -> frozenset[PublicKey]:
    """The keys of a document that can verify signatures; others are ignored (RFC 7517 §5). Raises InvalidKeySet.

    No usable key at all is an error: a provider that answers so is broken far more often than it has revoked
    everything, and whoever wants nobody in can take the provider out of the configuration.
    """
    entries = _entries(document)
    keys = frozenset(key for entry in entries if (key := _usable(entry)) is not None)
    if not keys:
        raise InvalidKeySet(f"none of its {len(entries)} keys is usable")
    return keys


def _entries(document: Mapping[str, Any]) -> list[Any]:
    if not isinstance(document, Mapping):
        raise InvalidKeySet("not a JSON object")
    entries = document.get("keys")
    if not isinstance(entries, list):
        raise InvalidKeySet("no list `keys`")
    if len(entries) > MAX_KEYS:
        raise InvalidKeySet(f"more than {MAX_KEYS} keys")
    if len(json.dumps(entries)) > MAX_DOCUMENT_BYTES:
        raise InvalidKeySet(f"more than {MAX_DOCUMENT_BYTES} bytes")
    return entries


def _usable(entry: object) -> PublicKey | None:
    try:
        return parse_public_key(entry)
    except UnusableKey:
        return None  # RFC 7517 §5: keys that are not understood or unsuitable are ignored
