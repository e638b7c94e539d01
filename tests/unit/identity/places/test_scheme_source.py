"""A key behind a scheme, such as `Authorization: ApiKey …`."""

import pytest

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.identity.places.scheme_source import SchemeSource
from hotgate.identity.refusal import CredentialRefused

SOURCE = SchemeSource(b"authorization", "ApiKey", "key-unknown")


def request(*values: bytes) -> Request:
    return Request("GET", "/", Headers([(b"authorization", value) for value in values]))


@pytest.mark.parametrize("value", [b"ApiKey k-1", b"apikey k-1", b"APIKEY  k-1 "])
def test_the_key_is_what_follows_in_any_case(value: bytes) -> None:
    assert SOURCE.read(request(value)) == b"k-1"


@pytest.mark.parametrize("value", [b"Bearer k-1", b"ApiKeys k-1", b"k-1", b""])
def test_another_scheme_is_somebody_elses(value: bytes) -> None:
    assert SOURCE.read(request(value)) is None


@pytest.mark.parametrize(
    "values", [(b"ApiKey",), (b"ApiKey ",), (b"ApiKey a", b"ApiKey b"), (b"Bearer a", b"ApiKey b")]
)
def test_nothing_or_two_are_refused(values: tuple[bytes, ...]) -> None:
    with pytest.raises(CredentialRefused) as caught:
        SOURCE.read(request(*values))
    assert caught.value.code == "key-unknown"


def test_it_is_stripped_whole() -> None:
    asked = request(b"ApiKey k-1")
    SOURCE.strip(asked)
    assert asked.headers.fields == []
