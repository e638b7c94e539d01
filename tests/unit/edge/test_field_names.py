"""What becomes of header names."""

from typing import Literal

import pytest

from hotgate.edge.field_names import DROPPED, RefusedName, field_names


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        (b"Accept", b"accept"),
        (b"X-AUTHOR", b"x-author"),
        (b"X-Forwarded-For", b"x-forwarded-for"),
        (b"Forwarded", b"forwarded"),
        (b"X-Forwarded-Port", DROPPED),
        (b"X-Auth-Subject", DROPPED),
        (b"x_auth_subject", DROPPED),
        (b"X-Auth_Subject", DROPPED),
        (b"X.Auth.Subject", DROPPED),
        (b"any_thing", DROPPED),
        (b"Remote-User", DROPPED),
    ],
)
def test_names(name: bytes, kept: bytes) -> None:
    assert field_names(refuse_underscores=False)[name] == kept


@pytest.mark.parametrize(("dots", "kept"), [("pass", b"x.a"), ("drop", DROPPED)])
def test_dots_are_a_choice(dots: Literal["pass", "drop"], kept: bytes) -> None:
    names = field_names(refuse_underscores=False, dots=dots)
    assert names[b"X.A"] == kept
    assert names[b"X.Auth.Subject"] == DROPPED


def test_dots_may_be_refused() -> None:
    with pytest.raises(RefusedName):
        field_names(refuse_underscores=False, dots="refuse")[b"X.A"]


def test_underscores_may_be_refused() -> None:
    names = field_names(refuse_underscores=True)
    assert names[b"Accept"] == b"accept"
    for _ in range(2):
        with pytest.raises(RefusedName):
            names[b"X_Y"]


def test_the_memo_is_bounded() -> None:
    names = field_names(refuse_underscores=False)
    for number in range(5000):
        assert names[b"X-%d" % number]
    assert len(names) <= 1024
    assert names[b"X-" + b"y" * 100] == b"x-" + b"y" * 100
    assert b"X-" + b"y" * 100 not in names
