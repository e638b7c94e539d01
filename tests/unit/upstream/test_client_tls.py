"""What a context for backends is made of, and what is wrong with it; handshakes are tested on the wire."""

import ssl

import pytest

from hotgate.upstream.client_tls import ClientTls, UnknownKey, client_context
from wire.certificates import Authority

_CA = Authority()
_OWN, _OTHER = _CA.issue("own.test"), _CA.issue("other.test")


def test_verified_by_default() -> None:
    context = client_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert client_context(min_version="1.3").minimum_version is ssl.TLSVersion.TLSv1_3


def test_own_authorities_replace_those_of_the_system() -> None:
    context = client_context(ca=[_CA.pem])
    assert [each["subject"] for each in context.get_ca_certs()] == [((("commonName", "test authority"),),)]


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"ca": [_CA.pem, _OWN.key_pem]}, "number 2 of `ca`"),
        ({"certificate": _OWN.pem, "key": _OTHER.key_pem}, "do not belong together"),
        ({"certificate": _OWN.key_pem, "key": _OWN.key_pem}, "cannot be read"),
        ({"certificate": _OWN.pem, "key": _OWN.encrypted_key_pem}, "the key is encrypted"),
    ],
)
def test_what_cannot_be_used(settings: dict[str, str], says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        client_context(**settings)  # type: ignore[arg-type]
    assert "BEGIN" not in str(caught.value)


def test_pins() -> None:
    tls = ClientTls(client_context(), pins=(_OTHER.pin.removeprefix("sha256/"), _OWN.pin.removeprefix("sha256/")))
    der = ssl.PEM_cert_to_DER_cert
    tls.check_key(der(_OWN.pem))
    with pytest.raises(UnknownKey):
        tls.check_key(der(_CA.pem))
