import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from certificate_authority import DAY, Authority, new_key
from hotgate.identity.certificates.ocsp_answer import NotBelieved, question, read_answer
from hotgate.identity.certificates.revocation_list import Status

_CA = Authority("authority of clients")
_OTHER_CA = Authority("authority of clients")
_CLIENT, _OTHER = _CA.issue_client("a"), _CA.issue_client("b")
_NONCE = b"n" * 32


def read(der: bytes) -> Status:
    return read_answer(der, _CLIENT.certificate, _CA.certificate, _NONCE, time.time()).status


def test_the_question_names_the_certificate_and_a_nonce() -> None:
    request = ocsp.load_der_ocsp_request(question(_CLIENT.certificate, _CA.certificate, _NONCE))
    assert request.serial_number == _CLIENT.certificate.serial_number
    assert request.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == _NONCE


@pytest.mark.parametrize("nonce", [b"", _NONCE])
def test_the_authority_answers(nonce: bytes) -> None:
    assert read(_CA.ocsp(_CLIENT, nonce=nonce)) is Status.GOOD
    assert read(_CA.ocsp(_CLIENT, nonce=nonce, is_good=False)) is Status.REVOKED


def test_an_answer_is_good_until_the_next() -> None:
    answer = read_answer(_CA.ocsp(_CLIENT), _CLIENT.certificate, _CA.certificate, _NONCE, time.time())
    assert 9 * 86_400 < answer.until - time.time() < 10 * 86_400


@pytest.mark.parametrize("is_named", [True, False])
@pytest.mark.parametrize("kind", ["ec", "rsa", "ed25519"])
def test_authorities_have_keys_of_several_kinds(kind: str, is_named: bool) -> None:
    authority = Authority("authority of clients", key=new_key(kind))
    client = authority.issue_client("a")
    for is_good, status in ((True, Status.GOOD), (False, Status.REVOKED)):
        der = authority.ocsp(client, is_good=is_good, is_named=is_named)
        asked = (client.certificate, authority.certificate, _NONCE, time.time())
        assert read_answer(der, *asked).status is status
        for at in (len(der) - 1, der.rindex(b"\x18\x0f") + 2):  # in the signature, and in what is signed
            with pytest.raises(NotBelieved):
                read_answer(der[:at] + bytes([der[at] ^ 1]) + der[at + 1 :], *asked)


def test_a_signature_over_a_broken_hash_is_not_even_verified() -> None:
    authority = Authority("authority of clients", key=new_key("rsa"))
    client = authority.issue_client("a")
    sha256, sha1 = (bytes.fromhex(f"06092a864886f70d0101{last}") for last in ("0b", "05"))  # RFC 8017 §A.2.4
    with pytest.raises(NotBelieved, match="broken hash"):
        read_answer(
            authority.ocsp(client).replace(sha256, sha1), client.certificate, authority.certificate, _NONCE, time.time()
        )


def test_an_answer_without_an_end_is_good_for_minutes() -> None:
    fresh = _CA.ocsp(_CLIENT, shifted=DAY, has_end=False)  # it begins a day before that
    answer = read_answer(fresh, _CLIENT.certificate, _CA.certificate, _NONCE, time.time())
    assert (answer.status, 0 < answer.until - time.time() <= 300) == (Status.GOOD, True)
    with pytest.raises(NotBelieved, match="not of this time"):
        read(_CA.ocsp(_CLIENT, has_end=False))


def test_an_authorised_responder_answers_for_it() -> None:
    assert read(_CA.ocsp(_CLIENT, responder=_CA.issue_responder())) is Status.GOOD


_TRUNCATED = _CA.ocsp(_CLIENT)[:-1]
_REFUSES = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED)


@pytest.mark.parametrize(
    ("der", "reason"),
    [
        (_CA.ocsp(_OTHER), "another certificate"),
        (_CA.ocsp(_CLIENT, shifted=-11 * DAY), "not of this time"),
        (_CA.ocsp(_CLIENT, shifted=2 * DAY), "not of this time"),
        (_CA.ocsp(_CLIENT, nonce=b"o" * 32), "another question"),
        (_CA.ocsp(_CLIENT, responder=_CA.issue_responder(is_authorised=False)), "not for OCSP"),
        (_CA.ocsp(_CLIENT, responder=_CA.issue_responder(shifted=-11 * DAY)), "not valid now"),
        (_CA.ocsp(_CLIENT, responder=_OTHER_CA.issue_responder()), "not authorised"),
        (_CA.ocsp(_CLIENT, responder=_OTHER), "not for OCSP"),
        (_OTHER_CA.ocsp(_CLIENT), "responder is unknown"),
        (_OTHER_CA.ocsp(_CLIENT, is_named=True), "the signature is wrong"),
        (_TRUNCATED, "cannot be read"),
        (b"", "cannot be read"),
        (bytes(70_000), "too large"),
        (_REFUSES.public_bytes(Encoding.DER), "refuses: unauthorized"),
    ],
)
def test_what_is_not_believed(der: bytes, reason: str) -> None:
    with pytest.raises(NotBelieved, match=reason):
        read(der)


def test_no_changed_byte_makes_a_revoked_certificate_good() -> None:
    der = _CA.ocsp(_CLIENT, is_good=False)
    for index in range(len(der)):
        changed = der[:index] + bytes([der[index] ^ 1]) + der[index + 1 :]
        try:
            assert read(changed) is Status.REVOKED
        except NotBelieved:
            continue
