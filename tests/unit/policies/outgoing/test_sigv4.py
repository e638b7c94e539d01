"""Compared with what botocore signs, which is what AWS's own clients send."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.policies.outgoing.sigv4 import UNSIGNED, Scope, SigV4, canonical_path, canonical_query

ID, SECRET = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
NOW = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
DIGEST = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

segment = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=8).filter(
    lambda text: text not in (".", "..")
)
# What goes over the wire: escaped strictly, as the gateway or any other careful client does.
paths = st.lists(segment, min_size=1, max_size=4).map(
    lambda parts: "/" + "/".join(quote(part, safe="~") for part in parts)
)
words = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8).map(lambda text: quote(text, safe="~"))
queries = st.lists(st.tuples(words, words), max_size=5).map(lambda pairs: "&".join(f"{a}={b}" for a, b in pairs))
# A field's value, as a parser of HTTP hands it on: without spaces at its ends, but with any within.
values = st.text(st.sampled_from("abcXYZ09 \t;,=/.\"'"), max_size=20).map(lambda text: text.strip(" \t"))
amz_fields = st.dictionaries(st.sampled_from(["x-amz-meta-a", "x-amz-meta-b", "x-amz-target", "content-type"]), values)


def ours(scope: Scope, method: str, path: str, query: str, fields: dict[str, str], payload: str) -> bytes:
    signer = SigV4(scope, ID, SECRET)
    timestamp = signer.timestamp(NOW.timestamp())
    said = {**fields, "x-amz-date": timestamp, "x-amz-content-sha256": payload}
    headers = Headers([(name.encode(), value.encode()) for name, value in said.items()])
    request = Request(method, path, headers, query=query.encode())
    return signer.authorization(request, b"example.amazonaws.com", timestamp, payload)


def theirs(scope: Scope, method: str, path: str, query: str, fields: dict[str, str], payload: str) -> bytes:
    """The parts of botocore that sign, fed with a request that is complete: nothing reads a clock."""
    url = f"https://example.amazonaws.com{path}" + (f"?{query}" if query else "")
    signer_class: Any = botocore.auth.SigV4Auth if scope.encodes_twice else botocore.auth.S3SigV4Auth
    signer = signer_class(Credentials(ID, SECRET), scope.service, scope.region)
    request = AWSRequest(method, url, headers={**fields, "X-Amz-Content-SHA256": payload})
    request.context["timestamp"] = NOW.strftime("%Y%m%dT%H%M%SZ")
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    text = signer.string_to_sign(request, signer.canonical_request(request))
    signed = signer.signed_headers(signer.headers_to_sign(request))
    scope_text = signer.scope(request)
    signature = signer.signature(text, request)
    return f"AWS4-HMAC-SHA256 Credential={scope_text}, SignedHeaders={signed}, Signature={signature}".encode()


@given(
    scope=st.sampled_from([Scope("eu-central-1", "execute-api"), Scope("us-east-1", "s3", encodes_twice=False)]),
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE"]),
    path=paths,
    query=queries,
    fields=amz_fields,
    payload=st.sampled_from([UNSIGNED, DIGEST]),
)
def test_the_signature_is_that_of_botocore(
    scope: Scope, method: str, path: str, query: str, fields: dict[str, str], payload: str
) -> None:
    assert ours(scope, method, path, query, fields, payload) == theirs(scope, method, path, query, fields, payload)


@given(path=st.text(st.sampled_from("abc%20(),;=@:!$&'*+~-._"), min_size=1, max_size=12).map(lambda text: "/" + text))
def test_other_services_sign_the_path_as_it_is_sent(path: str) -> None:
    signer: Any = botocore.auth.SigV4Auth(Credentials(ID, SECRET), "es", "us-east-1")
    if "/." not in path:  # the gateway has removed dot segments before
        assert canonical_path(path, encodes_twice=True) == signer._normalize_url_path(path)


# From AWS's own test suite for Signature Version 4 (`get-vanilla`, `get-vanilla-query-order-key-case`, `post-vanilla`).
@pytest.mark.parametrize(
    ("method", "query", "signature"),
    [
        ("GET", b"", b"5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("GET", b"Param2=value2&Param1=value1", b"b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        ("POST", b"", b"5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
    ],
)
def test_published_signatures(method: str, query: bytes, signature: bytes) -> None:
    signer = SigV4(Scope("us-east-1", "service"), ID, SECRET)
    timestamp = signer.timestamp(NOW.timestamp())
    request = Request(method, "/", Headers([(b"x-amz-date", timestamp.encode())]), query=query)
    value = signer.authorization(request, b"example.amazonaws.com", timestamp, DIGEST)
    assert value == (
        b"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        b"SignedHeaders=host;x-amz-date, Signature=" + signature
    )


@pytest.mark.parametrize(
    ("path", "signed"),
    [("/a%20b", "/a%20b"), ("/a(b)", "/a%28b%29"), ("/a%2Fb", "/a%2Fb"), ("/a+b", "/a%2Bb"), ("/%C3%A4~", "/%C3%A4~")],
)
def test_s3_signs_what_it_reads_in_a_path(path: str, signed: str) -> None:
    assert canonical_path(path, encodes_twice=False) == signed


@pytest.mark.parametrize(
    ("query", "signed"),
    [
        (b"", ""),
        (b"b&a=2&a=1", "a=1&a=2&b="),
        (b"a=b=c", "a=b%3Dc"),
        (b"a=x+y&&c=(%7e)", "a=x%20y&c=%28~%29"),
        (b"A=1&a=2&%41=0", "A=0&A=1&a=2"),
    ],
)
def test_a_query_is_signed_in_one_spelling(query: bytes, signed: str) -> None:
    assert canonical_query(query) == signed


def test_a_new_day_has_a_new_key() -> None:
    signer = SigV4(Scope("us-east-1", "service"), ID, SECRET)
    request = Request("GET", "/", Headers())
    first, again, next_day = (
        signer.authorization(request, b"h", signer.timestamp(NOW.timestamp() + seconds), DIGEST)
        for seconds in (0, 0.4, 86400)
    )
    assert first == again != next_day
    assert b"/20150831/" in next_day


def test_nothing_shows_the_secret() -> None:
    signer = SigV4(Scope("us-east-1", "service"), ID, SECRET)
    signer.authorization(Request("GET", "/", Headers()), b"h", "20150830T000000Z", DIGEST)
    assert SECRET not in repr(vars(signer)["_derived"]) + repr(signer)
