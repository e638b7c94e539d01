"""The compact examples of RFC 7515, appendix A.1 to A.3 and A.5, and of RFC 7516, appendix A.3."""

import pytest

from hotgate.identity import base64url
from hotgate.identity.encryption.content_encryption import ENCRYPTIONS
from hotgate.identity.encryption.decryption_key import DecryptionSecret
from hotgate.identity.encryption.encrypted_token import EncryptedToken
from hotgate.identity.encryption.token_decryption import TokenDecryption
from hotgate.identity.refusal import CredentialRefused
from hotgate.identity.tokens.compact_token import CompactToken
from hotgate.identity.verification_keys.public_key import UnusableKey, parse_public_key
from hotgate.identity.verification_keys.shared_secret import SharedSecret

_CLAIMS = b"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"

A1_SECRET = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
A1 = b"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + _CLAIMS + b".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

A2_MODULUS = (
    "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS"
    "-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R"
    "2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDT"
    "W9gb54h4FRWyuXpoQ"
)
A2 = (
    b"eyJhbGciOiJSUzI1NiJ9." + _CLAIMS + b".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh"
    b"-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBM"
    b"Hlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6L"
    b"bgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
)

A3_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}
A3 = (
    b"eyJhbGciOiJFUzI1NiJ9." + _CLAIMS + b".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTU"
    b"JqPP3-Kg6NU1Q"
)

A5 = b"eyJhbGciOiJub25lIn0." + _CLAIMS + b"."  # RFC 7515 A.5: nobody signed it

JWE_A3_SECRET = "GawgguFyGrWKav7AX4VKUg"
JWE_A3 = (
    b"eyJhbGciOiJBMTI4S1ciLCJlbmMiOiJBMTI4Q0JDLUhTMjU2In0.6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ."
    b"AxY8DCtDaGlsbGljb3RoZQ.KDlTtXchhZTGufMYmOYGS4HffxPSUrfmqCHXaI9wOGY.U0m_YmjN04DJvceFICbCVQ"
)


@pytest.mark.parametrize(
    ("compact", "key"),
    [
        (A1, SharedSecret(base64url.decode(A1_SECRET.encode()))),
        (A2, parse_public_key({"kty": "RSA", "n": A2_MODULUS, "e": "AQAB"})),
        (A3, parse_public_key(A3_KEY)),
    ],
    ids=["A.1", "A.2", "A.3"],
)
def test_the_signature_is_good_for_what_was_signed_only(compact: bytes, key: SharedSecret) -> None:
    token = CompactToken(compact)
    assert token.unverified_claims() == {"iss": "joe", "exp": 1300819380, "http://example.com/is_root": True}
    assert key.verifies(token.algorithm, token.signing_input, token.signature)
    assert not key.verifies(token.algorithm, token.signing_input + b"A", token.signature)


def test_an_unsecured_token_is_verified_by_no_key() -> None:
    token = CompactToken(A5)
    for key in (SharedSecret(bytes(64)), parse_public_key(A3_KEY)):
        assert not key.verifies(token.algorithm, token.signing_input, token.signature)


def test_a_point_beside_the_curve_is_no_key() -> None:
    with pytest.raises(UnusableKey):
        parse_public_key({**A3_KEY, "y": A3_KEY["y"][:-2] + "Q0"})


def test_the_content_is_decrypted_but_is_no_token() -> None:
    secret = DecryptionSecret(base64url.decode(JWE_A3_SECRET.encode()))
    opener = TokenDecryption([secret], frozenset({"A128KW"}), frozenset(ENCRYPTIONS), is_required=True)
    assert opener.decrypted(EncryptedToken(JWE_A3)) == b"Live long and prosper."
    with pytest.raises(CredentialRefused):
        opener.opened(JWE_A3)
