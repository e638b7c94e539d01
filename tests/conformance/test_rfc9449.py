"""The examples of RFC 9449: proofs, the thumbprint of their key, and the hash of the token that comes with one."""

from typing import Any

import pytest

from hotgate.http.headers import Headers
from hotgate.http.request import Request
from hotgate.identity import base64url, strict_json
from hotgate.identity.dpop.proof import Binding, ProofVerifier, token_hash
from hotgate.identity.dpop.proof_header import parse_proof_header
from hotgate.identity.dpop.target_uri import TargetUri
from hotgate.identity.refusal import CredentialRefused

ES256 = frozenset({"ES256"})
JKT = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"  # §6.1
TOKEN = b"Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"  # §7.1
HEADER = (
    b"eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0Rs"
    b"cEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2"
    b"In19"
)
FOR_THE_TOKEN_ENDPOINT = (  # §4.1
    HEADER + b".eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rv"
    b"a2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ"
    b".2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
)
FOR_A_RESOURCE = (  # §7.1
    HEADER + b".eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9w"
    b"cm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFF"
    b"byJ9"
    b".2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
)
SIGNED = 1562262618.0


def request(method: str = "GET", host: str = "resource.example.org", path: str = "/protectedresource") -> Request:
    return Request(method, path, Headers([]), host, host.encode(), scheme="https")


def verified(proof: bytes, asked: Request, now: float = SIGNED + 1, jkt: str = JKT) -> Any:
    return ProofVerifier(ES256, 60.0, TargetUri()).verify(proof, Binding(jkt, token_hash(TOKEN)), asked, now)


def test_the_key_of_the_examples_has_the_thumbprint_of_the_examples() -> None:
    assert parse_proof_header(HEADER, ES256).key.thumbprint == JKT


def test_the_hash_of_the_token_is_that_of_the_example() -> None:
    assert token_hash(TOKEN) == "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"


def test_the_proof_for_a_resource_is_good_for_its_request() -> None:
    proof = verified(FOR_A_RESOURCE, request())
    assert (proof.issued, proof.nonce) == (SIGNED, None)


@pytest.mark.parametrize(
    ("asked", "now", "jkt"),
    [
        (request("POST"), SIGNED, JKT),
        (request(path="/other"), SIGNED, JKT),
        (request(host="other.example.org"), SIGNED, JKT),
        (request(), SIGNED + 61, JKT),
        (request(), SIGNED, "A" * 43),
    ],
)
def test_it_is_good_for_no_other(asked: Request, now: float, jkt: str) -> None:
    with pytest.raises(CredentialRefused):
        verified(FOR_A_RESOURCE, asked, now, jkt)


def test_the_proof_for_the_token_endpoint_is_none_for_a_resource() -> None:
    """It has no `ath`."""
    with pytest.raises(CredentialRefused, match="ath"):
        verified(FOR_THE_TOKEN_ENDPOINT, request("POST", "server.example.com", "/token"), 1562262616.0)


def test_the_examples_read_as_printed() -> None:
    payload = strict_json.parse_object(base64url.decode(FOR_A_RESOURCE.split(b".")[1]))
    assert payload == {
        "jti": "e1j3V_bKic8-LAEB",
        "htm": "GET",
        "htu": "https://resource.example.org/protectedresource",
        "iat": 1562262618,
        "ath": "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo",
    }
