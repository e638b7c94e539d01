"""Labels, fields and flags of message signatures: what has two readings is refused, what is for others is left."""

import pytest

from wire.samples import OK
from wire.scenario import Wire, scenario
from wire.signing_client import NOW, Signed, refused, signed_route, with_clock

GAMES = [
    ["Signature-Input: ()", "Signature: sig1=:AAAA:"],
    ["Signature-Input: sig1", "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("@method"', "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("@method")("@path")', "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1="@method"', "Signature: sig1=:AAAA:"],
    ["Signature-Input: sig1=(@method)", "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("@method""@path")', "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("@METHOD")', "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("@method" "@method")', "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("Date")', "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("@signature-params")', "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("@unknown")', "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("@method";bs)', "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("@path";req=?0)', "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("date";bs;sf)', "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("date";bs;key="a")', "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("date";bs=1)', "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("date";unknown)', "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("x-unknown-structure";sf)', "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("@query-param")', "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("@query-param";name=a)', "Signature: sig1=:AAAA:"],
    ["Signature-Input: " + ", ".join(f"s{n}=()" for n in range(9)), "Signature: s0=:AAAA:"],
    ["Signature-Input: sig1=(" + " ".join(f'"x{n}"' for n in range(65)) + ")", "Signature: sig1=:AAAA:"],
    ['Signature-Input: sig1=("' + "x" * 8192 + '")', "Signature: sig1=:AAAA:"],
    ["Signature-Input: sig1=();created=1234567890123456", "Signature: sig1=:AAAA:"],
    ["Signature-Input: SIG1=()", "Signature: SIG1=:AAAA:"],
    ["Signature-Input: sig1=(),", "Signature: sig1=:AAAA:"],
]


@pytest.mark.parametrize("fields", GAMES)
@scenario(**signed_route())
async def test_what_is_no_signature_input_is_refused(wire: Wire, fields: list[str]) -> None:
    assert await refused(wire, Signed().request(fields)) == "signature-malformed"


@pytest.mark.parametrize(
    "signature",
    [
        "sig2=:AAAA:",
        "sig1=AAAA",
        'sig1="AAAA"',
        "sig1=(:AAAA:)",
        "sig1=:AA*A:",
        "sig1=:AAA:",
        "sig1=:AAB=:",
        "sig1=:AAAA:, sig1=:BBBB:",
    ],
)
@scenario(**signed_route())
async def test_what_is_no_signature_is_refused(wire: Wire, signature: str) -> None:
    fields = [Signed().fields()[0], f"Signature: {signature}"]
    assert await refused(wire, Signed().request(fields)) == "signature-malformed"


@scenario(**signed_route())
async def test_one_label_in_two_fields_is_refused(wire: Wire) -> None:
    signed, other = Signed(), Signed(target="/admin")
    fields = [*signed.fields(), other.fields()[0]]
    assert await refused(wire, signed.request(fields)) == "signature-malformed"


@scenario(**signed_route())
async def test_labels_cannot_be_swapped(wire: Wire) -> None:
    one, two = Signed(label="one"), Signed(label="two", parameters=f';created={NOW};keyid="k1";nonce="n2"')
    swapped = [one.fields()[1].replace("one", "two"), two.fields()[1].replace("two", "one")]
    fields = [one.fields()[0], two.fields()[0], *swapped]
    assert await refused(wire, one.request(fields)) == "signature-invalid"


@scenario(**signed_route(tag="orders"))
async def test_a_signature_for_another_application_is_none(wire: Wire) -> None:
    other = Signed(parameters=f';created={NOW};keyid="k1";nonce="n";tag="payments"')
    assert await refused(wire, other.request()) == "token-missing"


@scenario(**signed_route(tag="orders"))
async def test_the_signature_with_the_tag_is_found_among_others(wire: Wire) -> None:
    with_clock(wire)
    ours = Signed(label="b", parameters=f';created={NOW};keyid="k1";nonce="n";tag="orders"')
    other = Signed(label="a", parameters=f';created={NOW};keyid="x";nonce="n";tag="payments"')
    _, answer = await wire.exchange(ours.request([*other.fields(b"x"), *ours.fields()]), OK)
    assert answer.status == 200


@scenario(**signed_route(label="client"))
async def test_a_label_can_be_demanded(wire: Wire) -> None:
    assert await refused(wire, Signed(label="proxy").request()) == "token-missing"


@scenario(**signed_route())
async def test_the_signature_of_a_known_key_is_found_among_others(wire: Wire) -> None:
    with_clock(wire)
    proxy = Signed(label="proxy", parameters=f';created={NOW};keyid="x";nonce="n"')
    _, answer = await wire.exchange(Signed().request([*proxy.fields(b"x"), *Signed().fields()]), OK)
    assert answer.status == 200


@pytest.mark.parametrize(
    ("lines", "covered"),
    [
        (["X-A: 1"], {'"x-a"': "2"}),
        (["X-A: 1", "X-A: 2"], {'"x-a"': "1"}),
        (["X-A: 2", "X-A: 1"], {'"x-a"': "1, 2"}),
        (["X-A: 1, 2"], {'"x-a";bs': ":MQ==:, :Mg==:"}),  # two fields are another thing than one with a comma
        (["X-B: 1"], {'"x-a"': ""}),
        (["X-A: 1", "Connection: x-a"], {'"x-a"': "1"}),  # nobody downstream would see it
        (["X_A: 1"], {'"x_a"': "1"}),
        (["X-Forwarded-For: 1.1.1.1"], {'"x-forwarded-for"': "1.1.1.1"}),
        (["Priority: u=1, u=2"], {'"priority";key="u"': "2"}),
    ],
)
@scenario(**signed_route())
async def test_a_covered_field_is_what_was_signed_or_nothing(
    wire: Wire, lines: list[str], covered: dict[str, str]
) -> None:
    assert await refused(wire, Signed(lines=lines, components=covered).request()) == "signature-invalid"


@pytest.mark.parametrize(
    ("lines", "covered"),
    [
        (["X-A:  1\t"], {'"x-a"': "1"}),
        (["X-A: 1", "X-A: 2"], {'"x-a"': "1, 2"}),
        (["X-A: 1", "X-A: 2"], {'"x-a";bs': ":MQ==:, :Mg==:"}),
        (["Priority: u=1,   i"], {'"priority";sf': "u=1, i"}),
        (["Host: api.example"][:0], {'"@scheme"': "http"}),
    ],
)
@scenario(**signed_route())
async def test_fields_may_be_covered_in_every_way(wire: Wire, lines: list[str], covered: dict[str, str]) -> None:
    with_clock(wire)
    _, answer = await wire.exchange(Signed(lines=lines, components=covered).request(), OK)
    assert answer.status == 200


@scenario(**signed_route())
async def test_a_folded_field_is_refused_before_anybody_reads_it(wire: Wire) -> None:
    with_clock(wire)
    folded = Signed().request().replace(b";keyid", b"\r\n ;keyid")
    assert (await (await wire.send(folded)).message()).status == 400


@pytest.mark.parametrize("target", ["/orders?a=1&a=2", "/orders?a=1&%61=2", "/orders?a=1&a"])
@scenario(**signed_route())
async def test_a_parameter_that_is_there_twice_cannot_be_covered(wire: Wire, target: str) -> None:
    signed = Signed(target=target, components={'"@query-param";name="a"': "1"})
    assert await refused(wire, signed.request()) == "signature-invalid"


@pytest.mark.parametrize("identifier", ['"@status"', '"@method";req', '"date";tr'])
@scenario(**signed_route())
async def test_components_of_answers_and_trailers_mean_nothing_in_a_head(wire: Wire, identifier: str) -> None:
    assert await refused(wire, Signed(components={identifier: "200"}).request()) == "signature-invalid"


@scenario(**signed_route())
async def test_trailers_bring_no_signature(wire: Wire) -> None:
    with_clock(wire)
    signed = Signed(method="POST", body=b"abc")
    request = signed.request(signed.fields()).replace(b"Content-Length: 3", b"Transfer-Encoding: chunked")
    chunked = request.removesuffix(b"abc") + b"3\r\nabc\r\n0\r\nSignature: sig1=:AAAA:\r\n\r\n"
    received, answer = await wire.exchange(chunked, OK)
    assert (answer.status, received.body, received.trailers) == (200, b"abc", [])
