"""The examples of `Content-Digest` in RFC 9530: §2, appendices B and D."""

import gzip

import pytest

from hotgate.http.content_digest import DigestMismatch, check_content_digest, content_digest

BODY = b'{"hello": "world"}\n'
SHA_256 = b"sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
SHA_512 = b"sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:"
"""Of the body with its line feed (RFC 9530 appendix B.1, §5)."""
WITHOUT_LINE_FEED = b"sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"


def test_what_is_made_is_what_the_rfc_shows() -> None:
    assert content_digest(BODY) == SHA_256
    assert content_digest(BODY, "sha-512") == SHA_512
    assert content_digest(BODY.rstrip()) == WITHOUT_LINE_FEED


@pytest.mark.parametrize("value", [SHA_256, SHA_512, SHA_256 + b", " + SHA_512, b"md5=:AAAA:, " + SHA_256])
def test_digests_of_the_examples_are_good(value: bytes) -> None:
    check_content_digest([value], BODY)


def test_two_fields_are_one_list() -> None:
    check_content_digest([SHA_256, SHA_512], BODY)


@pytest.mark.parametrize(
    "values",
    [
        [WITHOUT_LINE_FEED],
        [SHA_256, WITHOUT_LINE_FEED],
        [SHA_256 + b", " + SHA_512.replace(b"YMAa", b"YMAb")],
        [SHA_512, WITHOUT_LINE_FEED],
        [b"md5=:AAAA:"],
        [b"unixsum=:AAAA:, crc32c=:AAAA:"],
        [b"sha=:AAAA:"],
        [],
        [b""],
        [b"sha-256"],
        [b"sha-256=44w"],
        [b"sha-256=(:AAAA:)"],
        [b"SHA-256=:AAAA:"],
        [b"sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg:"],
        [b"sha-256=RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="],
        [b"sha-256=::"],
        [b"x=1, " * 1024 + SHA_256],
    ],
)
def test_anything_else_is_refused(values: list[bytes]) -> None:
    with pytest.raises(DigestMismatch):
        check_content_digest(values, BODY)


def test_the_digest_is_of_the_content_as_it_is_coded() -> None:
    """RFC 9530 appendix B: `Content-Digest` follows the content coding, `Repr-Digest` does not."""
    coded = gzip.compress(BODY, mtime=0)
    check_content_digest([content_digest(coded)], coded)
    with pytest.raises(DigestMismatch):
        check_content_digest([SHA_256], coded)
