"""What a token's claims say about the caller: which claim becomes which part of the principal.

A claim of the wrong JSON type is never converted: it is refused, and so is one that holds too much.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hotgate.identity.principal import Principal
from hotgate.identity.tokens.claim_path import Claims, find
from hotgate.identity.tokens.jose_header import malformed

MAX_NAMES = 1000  # scopes, roles or groups of one token
MAX_NAME_LENGTH = 1024  # characters
MAX_TEXT_LENGTH = 512  # characters; `store/bounds.py` takes as many, so that whatever is accepted can be revoked


@dataclass(frozen=True, slots=True)
class NamesFrom:
    """paths: claims whose names are put together. strip_prefix: taken away where a name begins so.

    renamed: what names become; those that are not in it say nothing here, so that a role is only what was meant to be
    one.
    """

    paths: tuple[str, ...]
    strip_prefix: str = ""
    renamed: Mapping[str, str] | None = None

    def read(self, claims: Claims, separator: str | None = None) -> frozenset[str]:
        """The names. separator: what parts a text into names; None: it is one name. Raises CredentialRefused."""
        names = [name for path in self.paths for name in _names(find(claims, path), path, separator)]
        if len(names) > MAX_NAMES or any(len(name) > MAX_NAME_LENGTH for name in names):
            raise malformed(f"{', '.join(self.paths)}: more than {MAX_NAMES} names, or a very long one")
        if self.strip_prefix:
            names = [name.removeprefix(self.strip_prefix) for name in names]
        if self.renamed is not None:
            names = [self.renamed[name] for name in names if name in self.renamed]
        return _shared(frozenset(names) - {""})


_MOST_SHARED = 16  # names; longer sets are not worth what it takes to remember them


def _shared(names: frozenset[str]) -> frozenset[str]:
    """One set for all callers who have the same: the smallest takes 216 bytes, and there are thousands of sessions."""
    return _known_set(names) if len(names) <= _MOST_SHARED else names


@lru_cache(maxsize=1024)
def _known_set(names: frozenset[str]) -> frozenset[str]:
    return names


_SCOPE, _SCP = NamesFrom(("scope",)), NamesFrom(("scp",))


@dataclass(frozen=True, slots=True)
class ClaimMapping:
    """Paths of claims. Of those for one value the first that is there counts. scopes None: `scope`, or else `scp`."""

    subject: tuple[str, ...] = ("sub",)
    scopes: NamesFrom | None = None
    roles: NamesFrom = NamesFrom(("roles",))
    groups: NamesFrom = NamesFrom(("groups",))
    tenant: tuple[str, ...] = ()
    client: tuple[str, ...] = ("client_id", "azp")
    tier: tuple[str, ...] = ()

    def principal(
        self,
        provider: str,
        claims: Claims,
        credential: str | None = None,
        expires: float | None = None,
        mechanism: str = "jwt",
    ) -> Principal:
        """Whom verified claims speak for. Raises CredentialRefused (token-malformed)."""
        subject = text(claims, self.subject)
        if subject is None:
            raise malformed(f"{' and '.join(self.subject)} is missing")
        scopes = self.scopes or (_SCOPE if "scope" in claims else _SCP)
        return Principal(
            subject,
            provider=provider,
            mechanism=mechanism,
            scopes=scopes.read(claims, " "),  # RFC 8693 §4.2: text separated by spaces; others write a list
            roles=self.roles.read(claims),
            groups=self.groups.read(claims),
            tenant=text(claims, self.tenant),
            client=self.client_of(claims),
            tier=text(claims, self.tier),
            credential=credential,
            expires=expires,
            claims=claims,
        )

    def client_of(self, claims: Claims) -> str | None:
        """The application that calls. Raises CredentialRefused (token-malformed)."""
        return text(claims, self.client)


def strings(value: Any, name: str) -> list[str]:
    """A list of strings; nothing is an empty one. Raises CredentialRefused (token-malformed)."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise malformed(f"{name} is not a string or a list of strings")
    return value


def _names(value: Any, path: str, separator: str | None) -> list[str]:
    if isinstance(value, str):
        return [value] if separator is None else value.split(separator)
    return strings(value, path)


def text(claims: Claims, paths: tuple[str, ...]) -> str | None:
    """The first of the claims that is there; None if none is. Raises CredentialRefused unless it is a short text."""
    for path in paths:
        value = find(claims, path)
        if value is not None:
            if not isinstance(value, str) or not 0 < len(value) <= MAX_TEXT_LENGTH or "\0" in value:
                raise malformed(f"{path} is not a string of 1 to {MAX_TEXT_LENGTH} characters without NUL")
            return value
    return None
