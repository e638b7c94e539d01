"""No spelling of a gateway's own field comes through."""

import pytest

from hotgate.http.reserved import FORWARDED_NAMES, is_reserved


@pytest.mark.parametrize("name", sorted(FORWARDED_NAMES))
def test_every_listed_name_is_reserved_in_every_spelling(name: bytes) -> None:
    assert name == name.lower()
    for spelling in (name, name.upper(), name.title(), name.replace(b"-", b"_"), name.replace(b"-", b".")):
        assert is_reserved(spelling)


@pytest.mark.parametrize(
    "name",
    [
        *(b"x-auth-subject", b"X_Auth_Subject", b"x.auth.subject", b"x-auth_subject", b"X-AUTH-anything", b"x-auth-"),
        *(b"SSL-Client-Subject-DN", b"X-Remote-Extra-Scopes", b"Remote-Groups", b"X-Webauth-Role", b"X-Host"),
        *(b"X_Forwarded-For", b"x!forwarded!for", b"x-forwarded-by-whom", b"x~real~ip", b"PROXY"),
    ],
)
def test_aliases_and_prefixes_are_reserved(name: bytes) -> None:
    assert is_reserved(name)


@pytest.mark.parametrize(
    "name",
    [
        *(b"host", b"authorization", b"cookie", b"via", b"accept", b"x-request-id", b"traceparent", b"x-authority"),
        *(b"x-api-key", b"x-auth", b"x-forwardedfor", b"proxy-authorization", b"x-proxy", b"", b"x-client-id"),
    ],
)
def test_ordinary_names_are_not(name: bytes) -> None:
    assert not is_reserved(name)
