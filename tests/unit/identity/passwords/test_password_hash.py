"""Hashes: which are accepted, which are wrapped, and that each knows its own password only."""

import bcrypt
import pytest

from hotgate.identity.passwords.apache_md5 import apache_md5
from hotgate.identity.passwords.password_format import UnusableHash, checked
from hotgate.identity.passwords.password_hash import hashed, imported, is_correct

SHA1 = "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="  # of "password", as `htpasswd -s` writes it
APR1 = "$apr1$1234$PthwGpseydqxxhv8OFnYJ/"
BCRYPT = bcrypt.hashpw(b"password", b"$2b$04$abcdefghijklmnopqrstuu").decode()


@pytest.mark.parametrize(
    ("password", "salt", "written"),
    [  # by `openssl passwd -apr1`
        ("password", "1234", "$apr1$1234$PthwGpseydqxxhv8OFnYJ/"),
        ("password", "x", "$apr1$x$JzZzpGvcyRmaRIUjVzP42/"),
        ("a longer password, with 37 characters", "abcd1234", "$apr1$abcd1234$7BwAGfXiPAXMsVs7b8cJF1"),
    ],
)
def test_apache_md5_is_that_of_others(password: str, salt: str, written: str) -> None:
    assert apache_md5(password.encode(), salt.encode()).decode() == written


@pytest.mark.parametrize("written", [None, SHA1, APR1, BCRYPT], ids=["argon2id", "sha1", "apr1", "bcrypt"])
def test_a_hash_knows_its_password(written: str | None) -> None:
    hash_ = hashed("password") if written is None else imported(written)
    assert checked(hash_) == hash_
    assert is_correct(hash_, "password")
    assert not is_correct(hash_, "Password")
    assert not is_correct(hash_, "")


def test_a_hash_of_apache_is_read_in_its_own_spelling() -> None:
    assert is_correct(BCRYPT.replace("$2b$", "$2y$"), "password")


@pytest.mark.parametrize("weak", [SHA1, APR1])
def test_no_weak_digest_is_left_after_an_import(weak: str) -> None:
    kept = imported(weak)
    assert weak not in kept
    assert weak.rpartition("$")[2].removeprefix("{SHA}") not in kept
    assert "$argon2id$" in kept


@pytest.mark.parametrize(
    ("hash_", "says"),
    [
        (SHA1, "hotgate passwords import"),
        (APR1, "hotgate passwords import"),
        ("$6$salt$" + "x" * 86, "crypt"),
        ("rqXexS6ZhobKA", "crypt"),
        ("password", "not a password hash"),
        ("", "not a password hash"),
        ("$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$" + "A" * 43, "not a password hash"),
        ("$argon2id$v=19$m=4194304,t=2,p=1$c2FsdHNhbHRzYWx0$" + "A" * 43, "too much"),
        ("$argon2id$v=19$m=19456,t=99,p=1$c2FsdHNhbHRzYWx0$" + "A" * 43, "too much"),
        ("$2b$15$" + "A" * 53, "not a password hash"),
    ],
)
def test_what_is_weak_or_dear_is_refused_and_not_quoted(hash_: str, says: str) -> None:
    with pytest.raises(UnusableHash, match=says) as refused:
        checked(hash_)
    assert not hash_ or hash_ not in str(refused.value) or hash_ == "password"


def test_each_hash_has_a_salt_of_its_own() -> None:
    assert hashed("password") != hashed("password")
