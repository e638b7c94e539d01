"""What is kept of a login survives being written down, and no renewal makes it another's."""

from typing import Any

import pytest

from hotgate.identity.sessions.session import Session

NOW = 1_800_000_000.0
FOUND: dict[str, Any] = {
    "subject": "u1",
    "sid": "s1",
    "claims": {"sub": "u1", "iss": "https://idp.test", "name": "Zoë 🎉", "groups": ["a", "b"]},
    "acr": "mfa",
    "auth_time": NOW - 5,
    "tokens": {"access": "at", "access_expires": NOW + 60, "refresh": None, "id_token": "id"},
}


def session() -> Session:
    return Session.begun(FOUND, NOW, 3600)


def test_every_login_has_an_id_of_its_own() -> None:
    assert len({session().id for _ in range(100)}) == 100
    assert min(len(session().id) for _ in range(20)) >= 22


def test_it_survives_being_written_down() -> None:
    made = session()
    assert Session.decoded(made.encoded()) == made
    assert Session.of(made.value) == made


def test_it_ends_by_disuse_and_by_age() -> None:
    made = session()
    assert not made.is_over(NOW + 599, 600)
    assert made.is_over(NOW + 600, 600)
    assert made.used(NOW + 3599).is_over(NOW + 3600, 600)


def test_a_shorter_life_counts_for_sessions_that_are_there_and_a_longer_one_does_not() -> None:
    made = session()
    assert made.limited(60).absolute_end == NOW + 60
    assert made.limited(10**6) == made


def test_a_renewal_changes_neither_who_it_is_nor_how_long_it_lasts() -> None:
    made = session()
    forged = {**FOUND, "id": "x", "subject": "u2", "created": NOW + 9, "absolute_end": NOW + 10**6, "acr": "pwd"}
    renewed = made.renewed(forged, NOW + 9)
    assert (renewed.id, renewed.subject, renewed.created, renewed.absolute_end) == (made.id, "u1", NOW, NOW + 3600)
    assert (renewed.acr, renewed.seen) == ("pwd", NOW + 9)


def test_what_users_have_in_common_is_there_once() -> None:
    one, two = (Session.decoded(session().encoded()) for _ in range(2))
    assert one.claims["groups"][0] is two.claims["groups"][0]
    assert one.claims["iss"] is two.claims["iss"]
    assert one.subject is one.claims["sub"]


def test_no_representation_shows_a_token() -> None:
    assert "at" not in repr(session().tokens).replace("at-", "")
    assert "id_token" not in repr(session())


@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b'{"id": "x"}', b'{"id":1,"id":2}'])
def test_another_thing_is_no_session(text: bytes) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        Session.decoded(text)
