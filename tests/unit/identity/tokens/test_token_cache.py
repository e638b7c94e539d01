"""Cached proofs end when the token ends, when its key goes, and when room is needed."""

import json
import tracemalloc
from base64 import b64encode

from hotgate.identity.principal import Principal
from hotgate.identity.tokens.claim_mapping import ClaimMapping
from hotgate.identity.tokens.jwt import VerifiedToken
from hotgate.identity.tokens.token_cache import MEMORY_PER_BYTE, TokenCache
from hotgate.identity.verification_keys.key_set import KeySet
from hotgate.identity.verification_keys.public_key import PublicKey
from hotgate.store.errors import StoreUnavailable
from hotgate.testing.issuer import Issuer

OLD, NEW = Issuer(kid="old"), Issuer(kid="new")
ADA = Principal("ada", provider="corp", mechanism="jwt")


def key_set_of(*issuers: Issuer) -> KeySet:
    key_set = KeySet("corp")
    key_set.replace({"keys": [issuer.jwk() for issuer in issuers]})
    return key_set


def key_of(key_set: KeySet, issuer: Issuer) -> PublicKey:
    key = key_set.find(issuer.kid, issuer.algorithm)
    assert key is not None
    return key


def test_a_hit_is_the_same_principal_until_it_expires() -> None:
    keys = key_set_of(OLD)
    cache = TokenCache(keys)
    cache.put(b"t", VerifiedToken(ADA, 100.0, key_of(keys, OLD)))
    assert cache.get(b"t", 99.9) is ADA
    assert cache.get(b"u", 99.9) is None
    assert cache.get(b"t", 100.0) is None
    assert len(cache) == 0


def test_entries_of_a_key_go_with_it_and_others_stay() -> None:
    keys = key_set_of(OLD, NEW)
    cache = TokenCache(keys)
    cache.put(b"old", VerifiedToken(ADA, 100.0, key_of(keys, OLD)))
    cache.put(b"new", VerifiedToken(ADA, 100.0, key_of(keys, NEW)))
    keys.replace(NEW.jwks())
    assert cache.get(b"old", 1.0) is None
    assert cache.get(b"new", 1.0) is ADA
    assert len(cache) == 1


def test_a_new_key_under_an_old_name_drops_entries_too() -> None:
    keys = key_set_of(OLD)
    cache = TokenCache(keys)
    cache.put(b"t", VerifiedToken(ADA, 100.0, key_of(keys, OLD)))
    keys.replace(Issuer(kid="old").jwks())
    assert cache.get(b"t", 1.0) is None


def test_a_token_verified_with_a_key_that_has_just_gone_is_not_cached() -> None:
    keys = key_set_of(OLD)
    cache = TokenCache(keys)
    key = key_of(keys, OLD)
    keys.replace(NEW.jwks())
    cache.put(b"t", VerifiedToken(ADA, 100.0, key))
    assert cache.get(b"t", 1.0) is None


def test_the_oldest_make_room() -> None:
    keys = key_set_of(OLD)
    cache = TokenCache(keys, max_entries=2)
    for credential in (b"a", b"b", b"a", b"c"):
        cache.put(credential, VerifiedToken(ADA, 100.0, key_of(keys, OLD)))
    assert [cache.get(credential, 1.0) for credential in (b"a", b"b", b"c")] == [ADA, None, ADA]


def test_long_credentials_make_room_sooner() -> None:
    keys = key_set_of(OLD)
    cache = TokenCache(keys, max_bytes=100 * MEMORY_PER_BYTE)
    for number in range(10):
        cache.put(b"%040d" % number, VerifiedToken(ADA, 100.0, key_of(keys, OLD)))
    assert len(cache) == 2


def test_what_tokens_say_takes_about_the_memory_that_is_counted() -> None:
    keys = key_set_of(OLD)
    key, cache = key_of(keys, OLD), TokenCache(keys)
    counted = 0
    tracemalloc.start()
    for number in range(100):
        payload = json.dumps({"sub": f"u{number}", "roles": [f"role-{number}-{each}" for each in range(200)]})
        principal = ClaimMapping().principal("corp", json.loads(payload))
        credential = b"%0600d" % number + b64encode(payload.encode())
        counted += len(credential) * MEMORY_PER_BYTE
        cache.put(credential, VerifiedToken(principal, 100.0, key))
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert counted / 2 < taken < counted * 2


class Revoked:
    """A store in which subjects are revoked, and which may be away."""

    def __init__(self) -> None:
        self.version = 1
        self.subjects: set[str] = set()
        self.asked = 0
        self.is_away = False

    def is_revoked(
        self,
        provider: str,
        jti: str | None,
        sub: str | None,
        sid: str | None,
        client: str | None,
        issued_at: float | None,
    ) -> bool:
        self.asked += 1
        if self.is_away:
            raise StoreUnavailable("away")
        return sub in self.subjects


def test_a_change_of_the_store_is_asked_about_once_per_token() -> None:
    keys, store = key_set_of(OLD), Revoked()
    cache = TokenCache(keys, store)
    cache.put(b"t", VerifiedToken(ADA, 100.0, key_of(keys, OLD)), store.version)
    assert cache.get(b"t", 1.0) is ADA
    assert store.asked == 0
    store.version += 1
    assert cache.get(b"t", 1.0) is cache.get(b"t", 1.0) is ADA
    assert store.asked == 1


def test_a_revoked_token_is_forgotten() -> None:
    keys, store = key_set_of(OLD), Revoked()
    cache = TokenCache(keys, store)
    cache.put(b"t", VerifiedToken(ADA, 100.0, key_of(keys, OLD)), store.version)
    store.subjects.add("ada")
    store.version += 1
    assert cache.get(b"t", 1.0) is None
    assert len(cache) == 0


def test_a_token_that_nobody_can_be_asked_about_is_forgotten() -> None:
    keys, store = key_set_of(OLD), Revoked()
    cache = TokenCache(keys, store)
    cache.put(b"t", VerifiedToken(ADA, 100.0, key_of(keys, OLD)), store.version)
    store.is_away = True
    assert cache.get(b"t", 1.0) is ADA  # nothing has changed
    store.version += 1
    assert cache.get(b"t", 1.0) is None


def test_a_change_between_the_question_and_the_entry_is_not_missed() -> None:
    keys, store = key_set_of(OLD), Revoked()
    cache = TokenCache(keys, store)
    version = store.version
    store.subjects.add("ada")
    store.version += 1
    cache.put(b"t", VerifiedToken(ADA, 100.0, key_of(keys, OLD)), version)
    assert cache.get(b"t", 1.0) is None
