"""What `Authorization: Basic` may hold."""

from base64 import b64encode

import pytest

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.identity.passwords.basic_credentials import NameAndPasswordSource, basic_value, parse
from hotgate.identity.refusal import CredentialRefused


def request(*values: bytes) -> Request:
    return Request("GET", "/", headers=Headers([(b"authorization", value) for value in values]))


def test_a_name_and_a_password_are_utf_8_and_a_password_may_have_colons() -> None:
    found = parse(b64encode("ädä:pass:wörd".encode()))
    assert (found.name, found.password) == ("ädä", "pass:wörd")
    assert "wörd" not in repr(found)


@pytest.mark.parametrize(
    "value",
    [
        b"!",
        b64encode(b"ada"),
        b64encode(b":password"),
        b64encode(b"ada:"),
        b64encode(b"ada:pass\0word"),
        b64encode(b"a\nda:password"),
        b64encode(b"\xff:password"),
        b64encode(b"a" * 257 + b":password"),
        b64encode(b"ada:" + b"p" * 1025),
        b64encode(b"ada:password") + b" x",
    ],
)
def test_anything_else_is_malformed(value: bytes) -> None:
    with pytest.raises(CredentialRefused) as refused:
        parse(value)
    assert refused.value.code == "password-malformed"


def test_the_field_may_be_there_once() -> None:
    assert basic_value(request(b"bAsIc abc")) == b"abc"
    assert basic_value(request(b"Bearer abc")) is None
    assert basic_value(request()) is None
    with pytest.raises(CredentialRefused):
        basic_value(request(b"Basic abc", b"Basic abc"))


def test_failures_are_counted_by_the_claimed_name_and_never_by_the_password() -> None:
    first, second = (request(b"Basic " + b64encode(b"ada:" + password)) for password in (b"one", b"two"))
    assert NameAndPasswordSource().read(first) == NameAndPasswordSource().read(second) == b"ada"


@pytest.mark.parametrize(
    "name", ["ADA lovelace", " ada  lovelace ", "a\u00adda lovelace", "\uff41da lovelace", "ada\u200d lovelace"]
)
def test_guesses_of_one_account_are_counted_together_however_its_name_is_spelled(name: str) -> None:
    """A directory finds the same entry for all of these (RFC 4518 §2)."""
    guess = request(b"Basic " + b64encode(f"{name}:guess".encode()))
    assert NameAndPasswordSource().read(guess) == b"ada lovelace"
