import hmac
from hashlib import sha256

import pytest

from hotgate.store.pepper import Peppers

OLD, NEW = b"o" * 32, b"n" * 32


def test_a_digest_needs_key_and_pepper() -> None:
    expected = hmac.new(NEW, sha256(b"key").digest(), "sha256").digest()
    assert Peppers([NEW]).digest(b"key") == expected
    assert Peppers([NEW]).of_sha256(sha256(b"key").digest()) == expected
    assert Peppers([OLD]).digest(b"key") != expected


def test_the_first_pepper_makes_digests_and_the_others_still_verify() -> None:
    peppers = Peppers([NEW, OLD])
    assert peppers.digest(b"key") == Peppers([NEW]).digest(b"key")
    assert peppers.candidates(b"key") == (Peppers([NEW]).digest(b"key"), Peppers([OLD]).digest(b"key"))


def test_a_fingerprint_is_of_one_pepper_and_never_the_digest_of_a_key() -> None:
    prints = Peppers([NEW, OLD]).fingerprints()
    assert prints == (*Peppers([NEW]).fingerprints(), *Peppers([OLD]).fingerprints())
    assert len({*prints, NEW, OLD}) == 4
    text = b"hotgate: the fingerprint of a pepper"
    assert prints[0] == hmac.new(NEW, text, "sha256").digest()
    assert len(text) != sha256().digest_size


def test_no_pepper_is_an_error_and_none_is_shown() -> None:
    with pytest.raises(ValueError, match="must be a pepper"):
        Peppers([])
    assert repr(Peppers([NEW])) == "<1 peppers>"
