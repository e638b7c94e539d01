"""What becomes of a record of the store: a principal that is made once, and only counts while the record does."""

from dataclasses import replace
from typing import cast

import pytest

from hotgate.identity.api_keys import managed_keys
from hotgate.identity.api_keys.managed_keys import KeyNotAllowed, ManagedKeys
from hotgate.identity.principal import Principal
from hotgate.identity.refusal import CredentialRefused
from hotgate.store.credentials import Credentials
from hotgate.store.pepper import Peppers
from hotgate.store.records import Consumer, FoundKey, StoredKey

SECRET = b"3d9a0f4c-not-a-real-key"
PEPPERS = Peppers([b"p" * 32])
ACME = Consumer("acme", groups=("staff",), roles=("partner",), tier="gold", metadata={"plan": "a", "city": "b"})
KEY = StoredKey(
    "k1",
    PEPPERS.digest(SECRET),
    "acme",
    "live",
    scopes=("orders:read",),
    roles=("auditor",),
    expires=100.0,
    limit="100/1m",
    metadata={"plan": "c"},
)


class Shelf:
    """Stands in for what the store's side knows; counts what it is asked."""

    peppers = PEPPERS

    def __init__(self, *found: FoundKey) -> None:
        self.found = {each.key.digest: each for each in found}
        self.asked = 0
        self.noted: list[tuple[str, float]] = []

    def find_key(self, digest: bytes) -> FoundKey | None:
        self.asked += 1
        return self.found.get(digest)

    def used(self, key: str, now: float) -> None:
        self.noted.append((key, now))


def keys(shelf: Shelf, environment: str = "live") -> ManagedKeys:
    return ManagedKeys("partners", environment, cast(Credentials, shelf))


def verified(
    managed: ManagedKeys, secret: bytes = SECRET, now: float = 1.0, client: str = "192.0.2.1", route: str = "r"
) -> Principal:
    return managed.verify(secret, now, client, route)


def test_the_principal_has_what_key_and_consumer_say() -> None:
    principal = verified(keys(Shelf(FoundKey(KEY, ACME))))
    assert (principal.subject, principal.provider, principal.mechanism) == ("acme", "partners", "api_key")
    assert (principal.scopes, principal.roles) == (frozenset({"orders:read"}), frozenset({"auditor", "partner"}))
    assert (principal.groups, principal.tier, principal.credential, principal.expires) == (
        frozenset({"staff"}),
        "gold",
        "k1",
        100.0,
    )
    assert principal.limit is not None
    assert (principal.limit.quota, principal.limit.window) == (100, 60.0)
    assert principal.claims == {"key_id": "k1", "metadata": {"plan": "c", "city": "b"}}


def test_it_is_made_once_and_each_use_is_noted() -> None:
    shelf = Shelf(FoundKey(KEY, ACME))
    managed = keys(shelf)
    assert verified(managed) is verified(managed, now=2.0)
    assert shelf.noted == [("k1", 1.0), ("k1", 2.0)]


def test_it_counts_no_longer_than_the_record() -> None:
    shelf = Shelf(FoundKey(KEY, ACME))
    managed = keys(shelf)
    first = verified(managed)
    shelf.found = {KEY.digest: FoundKey(replace(KEY, scopes=()), ACME)}
    assert verified(managed).scopes == frozenset()
    shelf.found = {KEY.digest: FoundKey(replace(KEY, revoked_at=1.0, revoked_reason="lost"), ACME)}
    with pytest.raises(CredentialRefused, match="key-revoked"):
        verified(managed)
    shelf.found = {}
    with pytest.raises(CredentialRefused, match="key-unknown"):
        verified(managed)
    assert first.scopes == {"orders:read"}
    assert len(shelf.noted) == 2


def test_what_cannot_be_a_key_is_not_looked_up() -> None:
    shelf = Shelf()
    for presented in (b"", b"short", b"x" * 513, b"hg_live_typo"):
        with pytest.raises(CredentialRefused, match="key-unknown"):
            verified(keys(shelf), presented)
    assert shelf.asked == 0


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(managed_keys, "MAX_ADMISSIONS", 2)
    secrets = [b"secret-%d" % number for number in range(5)]
    shelf = Shelf(*(FoundKey(replace(KEY, digest=PEPPERS.digest(secret)), ACME) for secret in secrets))
    managed = keys(shelf)
    for secret in secrets:
        verified(managed, secret)
    assert len(managed._admissions) == 2
    assert verified(managed, secrets[0]).subject == "acme"


@pytest.mark.parametrize(
    ("client", "is_within"),
    [
        ("192.0.2.7", True),
        ("192.0.3.7", False),
        ("2001:db8::1", True),
        ("2001:db8::1%eth0", True),
        ("::1", False),
        ("", False),
    ],
)
def test_networks(client: str, is_within: bool) -> None:
    managed = keys(Shelf(FoundKey(replace(KEY, networks=("192.0.2.0/24", "2001:db8::/32")), ACME)))
    if is_within:
        assert verified(managed, client=client).subject == "acme"
    else:
        with pytest.raises(KeyNotAllowed, match="k1 is not for"):
            verified(managed, client=client)


def test_a_key_of_another_environment_is_as_unknown_as_any() -> None:
    with pytest.raises(CredentialRefused) as caught:
        verified(keys(Shelf(FoundKey(KEY, ACME)), environment="test"))
    assert caught.value.code == "key-unknown"


def test_a_record_that_we_did_not_write_opens_nothing() -> None:
    for broken in (replace(KEY, limit="many"), replace(KEY, networks=("nowhere",))):
        with pytest.raises(ValueError, match=r".+"):
            verified(keys(Shelf(FoundKey(broken, ACME))))
