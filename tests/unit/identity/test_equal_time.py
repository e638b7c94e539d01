"""Where secrets meet, the same work is done whether one is known or not. Counted, for a clock in a test proves nothing.

docs/security/brute-force.md lists every such place.
"""

import contextlib
import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from hotgate.config.secret import Secret
from hotgate.control.admin_tokens import AdminTokens
from hotgate.identity.api_keys import api_key
from hotgate.identity.api_keys.api_key import ApiKey, ApiKeys
from hotgate.identity.api_keys.managed_key import generate
from hotgate.identity.api_keys.managed_keys import ManagedKeys
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.store.pepper import Peppers

GOOD, REVOKED, UNKNOWN = b"a-good-key-of-a-test", b"a-revoked-key-of-test", b"an-unknown-key-of-test"


class Counted:
    """Stands for a function and counts its calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.calls = 0

    def __call__(self, *arguments: Any) -> Any:
        self.calls += 1
        return self.function(*arguments)


def counted_calls(counted: Counted, action: Callable[[], object]) -> int:
    before = counted.calls
    with contextlib.suppress(CredentialRefused):
        action()
    return counted.calls - before


def test_one_digest_is_made_of_any_key_of_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    principal = Principal("ci", provider="keys", mechanism="api_key")
    keys = ApiKeys(
        [
            ApiKey("good", sha256(GOOD).digest(), principal),
            ApiKey("revoked", sha256(REVOKED).digest(), principal, is_revoked=True),
        ]
    )
    counted = Counted(sha256)
    monkeypatch.setattr(api_key, "sha256", counted)
    digests = [counted_calls(counted, lambda key=key: keys.verify(key, 0.0)) for key in (GOOD, REVOKED, UNKNOWN)]  # type: ignore[misc]
    assert digests == [1, 1, 1]


class NoStore:
    """Knows no key; what is asked for is remembered."""

    def __init__(self, peppers: Peppers) -> None:
        self.peppers = peppers
        self.asked: list[bytes] = []

    def find_key(self, digest: bytes) -> None:
        self.asked.append(digest)


def test_all_digests_of_a_key_are_made_before_anybody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a key of ours, one with a typo, and one that was made elsewhere."""
    store = NoStore(Peppers([b"p" * 32, b"q" * 32]))
    keys = ManagedKeys("keys", "live", store)  # type: ignore[arg-type]
    counted = Counted(hmac.digest)
    monkeypatch.setattr(hmac, "digest", counted)
    ours = generate("live").text.encode()
    presented = [ours, ours[:-1] + b"-", UNKNOWN]
    digests = [counted_calls(counted, lambda key=key: keys.verify(key, 0.0, "192.0.2.1", "r")) for key in presented]  # type: ignore[misc]
    assert digests == [2, 2, 2]
    assert len(store.asked) == 4  # nobody is asked about a typo: its checksum is no secret


def test_a_token_of_operators_is_compared_with_every_one(monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = AdminTokens({name: Secret(f"{name}-token-of-a-test") for name in ("a", "b", "c")}, lambda: b"")
    counted = Counted(hmac.compare_digest)
    monkeypatch.setattr(hmac, "compare_digest", counted)
    for shown, owner in ((b"a-token-of-a-test", "a"), (b"c-token-of-a-test", "c"), (b"x", ""), (b"y" * 500, "")):
        before = counted.calls
        assert tokens.owner(shown) == owner
        assert counted.calls - before == 3
