import contextlib
from urllib.parse import unquote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from certificate_authority import Authority, new_key
from hotgate.identity.certificates.forwarded_certificate import client_cert, read_xfcc, xfcc
from hotgate.identity.refusal import CredentialRefused

_CA = Authority("authority of clients")
_KEY = new_key()


def der(name: str, *uris: str) -> bytes:
    alternatives = [x509.UniformResourceIdentifier(uri) for uri in uris]
    return _CA.issue_client(name, alternatives=alternatives, key=_KEY).certificate.public_bytes(Encoding.DER)


_NAMES = st.text(st.characters(exclude_categories=["Cc", "Cf", "Cs", "Zl", "Zp"]), min_size=1)


@given(name=_NAMES.filter(lambda name: len(name.encode()) <= 64), path=st.text("abc/;,=\"'\\%&?#", max_size=30))
def test_whatever_is_signed_what_is_written_reads_as_one_certificate(name: str, path: str) -> None:
    value = xfcc(der(name, f"spiffe://corp/{path}"))
    assert b"\r" not in value
    assert b"\n" not in value
    parts = value.decode("ascii").split(";")
    assert [part.partition("=")[0] for part in parts] == ["Hash", "Subject", "URI", "Cert"]
    assert "," not in value.decode()
    assert unquote(parts[1]) == f'Subject="CN={name}"'
    assert unquote(parts[2]) == f"URI=spiffe://corp/{path}"
    fingerprint, facts = read_xfcc(value)
    assert facts is not None
    assert facts.fingerprint == fingerprint


@given(st.binary(max_size=300))
def test_nothing_that_a_proxy_may_send_breaks_the_reader(value: bytes) -> None:
    with contextlib.suppress(CredentialRefused):
        assert read_xfcc(value)


@pytest.mark.parametrize("value", [b"", b",", b";", b"Hash", b"Hash=" + b"0" * 64 + b",", b'Subject="a"'])
def test_what_names_no_certificate_is_refused(value: bytes) -> None:
    with pytest.raises(CredentialRefused):
        read_xfcc(value)


def test_what_envoy_writes_is_read() -> None:
    value = b"By=spiffe://a/b;Hash=" + b"0a" * 32 + b';Subject="/C=US/CN=a \\"b\\", c";URI=;DNS=a.example'
    assert read_xfcc(value) == ("0a" * 32, None)


def test_the_form_of_the_rfc_is_a_byte_sequence() -> None:
    assert client_cert(b"\x30\x00") == b":MAA=:"
