"""Every signature of RFC 9421, appendix B, and the examples of its section 2 about components."""

from base64 import b64decode

import pytest

from hotgate.http.headers import Field
from hotgate.identity.signatures.component import InvalidComponent
from hotgate.identity.signatures.covered_components import covered_components
from hotgate.identity.signatures.signature_base import signature_base
from hotgate.identity.signatures.signature_fields import signature_inputs, signature_octets
from hotgate.identity.signatures.signature_key import PublicMessageKey, SecretMessageKey, VerifyingKey
from hotgate.identity.signatures.signed_message import SignedMessage
from hotgate.identity.signatures.signing_key import MessageSigningKey
from hotgate.identity.verification_keys.public_key import parse_public_key
from hotgate.identity.verification_keys.public_key_text import public_key_of_pem

RSA_PSS = """-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----
"""
P256 = """-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEqIVYZVLCrPZHGHjP17CTW0/+D9Lf
w0EkjqF7xB4FivAxzic30tMM4GF+hR6Dxh71Z50VGGdldkkDXZCnTNnoXQ==
-----END PUBLIC KEY-----
"""
ED25519_PRIVATE = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF
-----END PRIVATE KEY-----
"""
ED25519 = {"kty": "OKP", "crv": "Ed25519", "x": "JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs"}
SECRET = b64decode("uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==")

KEYS: dict[str, VerifyingKey] = {
    "test-key-rsa-pss": PublicMessageKey(public_key_of_pem(RSA_PSS)),
    "test-key-ecc-p256": PublicMessageKey(public_key_of_pem(P256)),
    "test-key-ed25519": PublicMessageKey(parse_public_key(ED25519)),
    "test-shared-secret": SecretMessageKey(SECRET),
}

DIGEST = b"sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"
ANSWER_DIGEST = b"sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:"
REQUEST = SignedMessage(
    "POST",
    "https",
    b"example.com",
    b"/foo?param=Value&Pet=dog",
    [
        (b"host", b"example.com"),
        (b"date", b"Tue, 20 Apr 2021 02:07:55 GMT"),
        (b"content-type", b"application/json"),
        (b"content-digest", DIGEST),
        (b"content-length", b"18"),
    ],
)
ANSWER = SignedMessage(
    fields=[
        (b"date", b"Tue, 20 Apr 2021 02:07:56 GMT"),
        (b"content-type", b"application/json"),
        (b"content-digest", ANSWER_DIGEST),
        (b"content-length", b"23"),
    ],
    status=200,
    request=REQUEST,
)
CLIENT_CERTIFICATE = (
    b":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMMEkxBIEludGVybWVka"
    b"WF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8Yn"
    b"XXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVH"
    b"SMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAOBgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmR"
    b"jQGV4YW1wbGUuY29tMAoGCCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5Xar"
    b"mPk0wmuydBVoU4hBVZ1yhk=:"
)
BEHIND_PROXY = SignedMessage(
    "POST",
    "https",
    b"service.internal.example",
    b"/foo?param=Value&Pet=dog",
    [(b"content-type", b"application/json"), (b"client-cert", CLIENT_CERTIFICATE)],
)
EXAMPLES = [
    (
        REQUEST,
        b'sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
        b"sig-b21=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckz"
        b"XaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c"
        b"0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5N"
        b"yt8C8ssinQ98Xw9Q==:",
    ),
    (
        REQUEST,
        b'sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;'
        b'keyid="test-key-rsa-pss";tag="header-example"',
        b"sig-b22=:LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSow"
        b"OB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s"
        b"7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3"
        b"/XaVe4bXTugEjHSw==:",
    ),
    (
        REQUEST,
        b'sig-b23=("date" "@method" "@path" "@query" "@authority" "content-type" "content-digest" "content-length");'
        b'created=1618884473;keyid="test-key-rsa-pss"',
        b"sig-b23=:bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768Z"
        b"rCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/C"
        b"CoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5"
        b"fTIztsDZKEgM4cUA==:",
    ),
    (
        ANSWER,
        b'sig-b24=("@status" "content-type" "content-digest" "content-length");created=1618884473;'
        b'keyid="test-key-ecc-p256"',
        b"sig-b24=:wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==:",
    ),
    (
        REQUEST,
        b'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
        b"sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:",
    ),
    (
        REQUEST,
        b'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;'
        b'keyid="test-key-ed25519"',
        b"sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
    ),
    (
        BEHIND_PROXY,
        b'ttrp=("@path" "@query" "@method" "@authority" "client-cert");created=1618884473;keyid="test-key-ecc-p256"',
        b"ttrp=:xVMHVpawaAC/0SbHrKRs9i8I3eOs5RtTMGCWXm/9nvZzoHsIg6Mce9315T6xoklyy0yzhD9ah4JHRwMLOgmizw==:",
    ),
]
TRANSFORMED = (
    b'transform=("@method" "@path" "@authority" "accept");created=1618884473;keyid="test-key-ed25519"',
    b"transform=:ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==:",
)
ACCEPT: list[Field] = [(b"accept", b"application/json"), (b"accept", b"*/*")]


def verified(message: SignedMessage, signature_input: bytes, signature: bytes) -> bool:
    """By the key that the signature names."""
    fields = [(b"signature-input", signature_input), (b"signature", signature)]
    ((label, said),) = (signature_inputs(fields, covered_components) or {}).items()
    base = signature_base(message, said.covered, said.written_parameters)
    return KEYS[said.text("keyid") or ""].verifies(base, signature_octets(fields, label))


@pytest.mark.parametrize(("message", "signature_input", "signature"), EXAMPLES)
def test_every_signature_of_appendix_b(message: SignedMessage, signature_input: bytes, signature: bytes) -> None:
    assert verified(message, signature_input, signature)


@pytest.mark.parametrize(("message", "signature_input", "signature"), EXAMPLES)
def test_none_of_them_is_good_for_anything_else(
    message: SignedMessage, signature_input: bytes, signature: bytes
) -> None:
    assert not verified(message, signature_input.replace(b"1618884473", b"1618884474"), signature)


def test_b_2_6_is_made_as_well() -> None:
    _, signature_input, signature = EXAMPLES[5]
    (said,) = (signature_inputs([(b"signature-input", signature_input)], covered_components) or {}).values()
    key = MessageSigningKey.of_pem("test-key-ed25519", ED25519_PRIVATE)
    made = key.sign(signature_base(REQUEST, said.covered, said.written_parameters))
    assert made == signature_octets([(b"signature", signature)], "sig-b26")


def transformed(
    target: bytes = b"/demo?name1=Value1&Name2=value2",
    fields: list[Field] = ACCEPT,
    method: str = "GET",
    authority: bytes = b"example.org",
) -> bool:
    return verified(SignedMessage(method, "https", authority, target, fields), *TRANSFORMED)


def test_b_4_what_may_change_on_the_way() -> None:
    assert transformed()
    assert transformed(b"/demo?name1=Value1&Name2=value2&param=added", [*ACCEPT, (b"accept-language", b"en-US")])
    assert transformed(
        fields=[(b"referer", b"https://developer.example.org/demo"), (b"accept", b"application/json, */*")]
    )
    assert transformed(fields=[*ACCEPT, (b"date", b"Fri, 15 Jul 2022 14:24:55 GMT")])


def test_b_4_what_may_not() -> None:
    assert not transformed(method="POST", authority=b"example.com")
    assert not transformed(fields=ACCEPT[::-1])


def value(message: SignedMessage, identifier: str) -> str:
    """Of one component, as the base has it."""
    base = signature_base(message, covered_components(f"({identifier})".encode()), b"")
    return base.split(b"\n")[0].removeprefix(identifier.encode() + b": ").decode()


MESSAGE = SignedMessage("POST", "https", b"www.example.com", b"/path?param=value&foo=bar&baz=batman&qux=")


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ('"@method"', "POST"),
        ('"@target-uri"', "https://www.example.com/path?param=value&foo=bar&baz=batman&qux="),
        ('"@authority"', "www.example.com"),
        ('"@scheme"', "https"),
        ('"@request-target"', "/path?param=value&foo=bar&baz=batman&qux="),
        ('"@path"', "/path"),
        ('"@query"', "?param=value&foo=bar&baz=batman&qux="),
        ('"@query-param";name="baz"', "batman"),
        ('"@query-param";name="qux"', ""),
    ],
)
def test_section_2_2_derived_components(identifier: str, expected: str) -> None:
    assert value(MESSAGE, identifier) == expected


def test_section_2_2_7_no_query_is_a_question_mark() -> None:
    assert value(SignedMessage("GET", "https", b"a", b"/path"), '"@query"') == "?"


def test_section_2_2_5_the_request_target_as_it_stands_in_the_line() -> None:
    absolute = SignedMessage("GET", "https", b"www.example.com", b"https://www.example.com/path?param=value")
    assert value(absolute, '"@request-target"') == "https://www.example.com/path?param=value"
    assert value(absolute, '"@path"') == "/path"
    assert value(SignedMessage("OPTIONS", "https", b"a", b"*"), '"@request-target"') == "*"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("var", "this%20is%20a%20big%0Amultiline%20value"),
        ("bar", "with%20plus%20whitespace"),
        ("fa%C3%A7ade%22%3A%20", "something"),
    ],
)
def test_section_2_2_8_parameters_have_one_spelling(name: str, expected: str) -> None:
    query = b"var=this%20is%20a%20big%0Amultiline%20value&bar=with+plus+whitespace&fa%C3%A7ade%22%3A%20=something"
    target = b"/parameters?" + query
    assert value(SignedMessage("GET", "https", b"a", target), f'"@query-param";name="{name}"') == expected


FIELDS: list[Field] = [
    (b"x-ows-header", b"Leading and trailing whitespace."),
    (b"cache-control", b"max-age=60"),
    (b"cache-control", b"must-revalidate"),
    (b"example-dict", b"a=1,    b=2;x=1;y=2,   c=(a   b   c), d"),
    (b"priority", b"  u=1,    i;q=9"),
    (b"x-empty", b""),
    (b"example-header", b"value, with, lots"),
    (b"example-header", b"of, commas"),
]


@pytest.mark.parametrize(
    ("identifier", "expected"),
    [
        ('"cache-control"', "max-age=60, must-revalidate"),
        ('"x-empty"', ""),
        ('"priority";sf', "u=1, i;q=9"),
        ('"example-dict";key="a"', "1"),
        ('"example-dict";key="d"', "?1"),
        ('"example-dict";key="b"', "2;x=1;y=2"),
        ('"example-dict";key="c"', "(a b c)"),
        ('"example-header"', "value, with, lots, of, commas"),
        ('"example-header";bs', ":dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:"),
    ],
)
def test_section_2_1_fields(identifier: str, expected: str) -> None:
    assert value(SignedMessage("GET", fields=FIELDS), identifier) == expected


def test_section_2_1_4_trailers() -> None:
    message = SignedMessage(status=200, trailers=[(b"expires", b"Wed, 9 Nov 2022 07:28:00 GMT")])
    assert value(message, '"expires";tr') == "Wed, 9 Nov 2022 07:28:00 GMT"
    with pytest.raises(InvalidComponent):
        value(message, '"expires"')


def test_section_2_4_a_response_covers_its_request() -> None:
    request = SignedMessage("POST", "https", b"example.com", b"/foo", [(b"content-digest", DIGEST)])
    answer = SignedMessage(status=503, request=request)
    assert value(answer, '"@method";req') == "POST"
    assert value(answer, '"content-digest";req') == DIGEST.decode()
    with pytest.raises(InvalidComponent):
        value(request, '"@method";req')
