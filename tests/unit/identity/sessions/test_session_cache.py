"""Opened sessions are remembered until something must be looked at, and forgotten when they are revoked."""

from typing import Any

from hotgate.identity.principal import Principal
from hotgate.identity.sessions.session import Session
from hotgate.identity.sessions.session_cache import CachedSession, SessionCache
from hotgate.store.errors import StoreUnavailable

NOW = 1_800_000_000.0


class Revoked:
    """ids: of what is revoked. asked: how often. is_down: it cannot be asked."""

    def __init__(self) -> None:
        self.version = 0
        self.ids: set[str | None] = set()
        self.asked: list[tuple[Any, ...]] = []
        self.is_down = False

    def is_revoked(self, *about: Any) -> bool:
        self.asked.append(about)
        if self.is_down:
            raise StoreUnavailable
        return about[1] in self.ids


def entry(revoked: Revoked, look_at: float = NOW + 60) -> CachedSession:
    found = {"subject": "u1", "sid": "s1", "claims": {"sub": "u1"}, "tokens": {}}
    session = Session.begun(found, NOW, 3600)
    principal = Principal("u1", provider="sso", mechanism="oidc", credential=session.id)
    return CachedSession(session, principal, look_at=look_at, version=revoked.version)


def test_it_is_known_until_it_must_be_looked_at() -> None:
    revoked = Revoked()
    cache, known = SessionCache(revoked, 600), entry(Revoked())
    cache.put(b"cookie", known)
    assert cache.get(b"cookie", NOW) is known
    assert cache.get(b"cookies", NOW) is None
    assert cache.get(b"cookie", NOW + 60) is None
    assert revoked.asked == []


def test_revocations_are_asked_once_for_each_change() -> None:
    revoked = Revoked()
    cache, known = SessionCache(revoked, 600), entry(revoked)
    cache.put(b"cookie", known)
    revoked.version += 1
    assert cache.get(b"cookie", NOW) is known
    assert cache.get(b"cookie", NOW) is known
    assert revoked.asked == [("sso", known.principal.credential, "u1", "s1", None, NOW)]
    revoked.ids.add(known.principal.credential)
    revoked.version += 1
    assert cache.get(b"cookie", NOW) is None
    assert cache.prolong(b"cookie", NOW) is None


def test_who_cannot_be_asked_lets_nobody_in() -> None:
    revoked = Revoked()
    cache = SessionCache(revoked, 600)
    cache.put(b"cookie", entry(revoked))
    revoked.version, revoked.is_down = 1, True
    assert cache.get(b"cookie", NOW) is None


def test_a_session_is_prolonged_until_its_end_at_most() -> None:
    revoked = Revoked()
    cache, known = SessionCache(revoked, 600), entry(revoked)
    cache.put(b"cookie", known)
    assert cache.prolong(b"cookie", NOW + 100) is known
    assert cache.get(b"cookie", NOW + 109) is known
    for later in range(600, 3600, 599):
        assert cache.prolong(b"cookie", NOW + later) is known
    assert cache.get(b"cookie", NOW + 3600) is None
    assert cache.prolong(b"cookie", NOW + 3600) is None
    assert cache.prolong(b"unknown", NOW) is None


def test_one_that_is_not_used_is_not_prolonged() -> None:
    revoked = Revoked()
    cache = SessionCache(revoked, 600)
    cache.put(b"cookie", entry(revoked))
    assert cache.prolong(b"cookie", NOW + 599) is not None
    assert cache.prolong(b"cookie", NOW + 599 + 600) is None


def test_the_oldest_makes_room() -> None:
    revoked = Revoked()
    cache = SessionCache(revoked, 600, max_entries=2)
    for cookie in (b"1", b"2", b"1", b"3"):
        cache.put(cookie, entry(revoked))
    assert len(cache) == 2
    assert cache.get(b"2", NOW) is None
    cache.drop(b"1")
    assert cache.get(b"1", NOW) is None
