"""What a message signature says of itself: its times, its key, its algorithm, in whatever spelling."""

import hmac

import pytest

from wire.samples import OK
from wire.scenario import Wire, scenario
from wire.signing_client import KEY, NOW, PUBLIC, Signed, refused, signed_route, with_clock

TIMES = [
    (f';created={NOW - 331};keyid="k1";nonce="n"', "signature-expired"),
    (f';created={NOW + 31};keyid="k1";nonce="n"', "signature-not-yet-valid"),
    (f';created={NOW};expires={NOW - 31};keyid="k1";nonce="n"', "signature-expired"),
    (';keyid="k1";nonce="n"', "signature-incomplete"),
    (f';created={NOW};keyid="k1"', "signature-incomplete"),
    (f';created={NOW};keyid="k1";nonce=""', "signature-incomplete"),
    (f';created="{NOW}";keyid="k1";nonce="n"', "signature-malformed"),
    (f';created={NOW}.5;keyid="k1";nonce="n"', "signature-malformed"),
    (f';created={NOW};created={NOW};keyid="k1";nonce="n"', "signature-malformed"),
    (f';created={NOW};keyid="k1";keyid="s1";nonce="n"', "signature-malformed"),
    (f';created={NOW};keyid=k1;nonce="n"', "signature-malformed"),
    (f';created={NOW};keyid="unknown";nonce="n"', "signature-invalid"),
    (f';created={NOW};nonce="n"', "signature-invalid"),
    (f';created={NOW};keyid="k1";alg="hmac-sha256";nonce="n"', "signature-invalid"),
    (f';created={NOW};keyid="k1";alg="none";nonce="n"', "signature-invalid"),
    (f';created={NOW};keyid="s1";nonce="n"', "signature-invalid"),
]


@pytest.mark.parametrize(("parameters", "code"), TIMES)
@scenario(**signed_route())
async def test_what_a_signature_says_of_itself(wire: Wire, parameters: str, code: str) -> None:
    assert await refused(wire, Signed(parameters=parameters).request()) == code


@pytest.mark.parametrize(
    "parameters", [f';created={NOW - 329};keyid="k1";nonce="n"', f';created={NOW + 30};keyid="k1";nonce="n"']
)
@scenario(**signed_route())
async def test_clocks_may_differ_a_little(wire: Wire, parameters: str) -> None:
    with_clock(wire)
    _, answer = await wire.exchange(Signed(parameters=parameters).request(), OK)
    assert answer.status == 200


@pytest.mark.parametrize(
    "parameters",
    [
        f';created={NOW};keyid="k1";alg="ed25519";nonce="n";tag="x"',
        f';nonce="n";keyid="k1";created={NOW};expires={NOW + 10}',
        f';created={NOW};keyid="k1";nonce="n";somebodys-extension=?0',
        f';created={NOW};keyid="k1";nonce="n";flag',
    ],
)
@scenario(**signed_route())
async def test_order_and_extensions_of_parameters_are_up_to_the_signer(wire: Wire, parameters: str) -> None:
    with_clock(wire)
    _, answer = await wire.exchange(Signed(parameters=parameters).request(), OK)
    assert answer.status == 200


@scenario(**signed_route())
async def test_other_spellings_of_the_same_input_have_one_base(wire: Wire) -> None:
    with_clock(wire)
    signed = Signed()
    spaced = signed.said.replace("(", "(  ").replace('" "', '"   "').replace(";", ";  ")
    fields = [f"Signature-Input:  sig1={spaced}", signed.fields()[1]]
    _, answer = await wire.exchange(signed.request(fields), OK)
    assert answer.status == 200


@scenario(**signed_route())
async def test_the_public_key_is_no_secret(wire: Wire) -> None:
    """Algorithm confusion: whoever takes the message's word on the algorithm takes the public key for a secret."""
    for secret in (PUBLIC.encode(), PUBLIC.strip().encode(), KEY.public_key().public_bytes_raw()):
        signed = Signed(parameters=f';created={NOW};keyid="k1";alg="hmac-sha256";nonce="n"')
        forged = hmac.digest(secret, signed.base, "sha256")
        assert await refused(wire, signed.request(signed.fields(forged))) == "signature-invalid"
