"""HTTP Message Signatures on the wire: what was signed is what the backend gets, and nothing else is let in."""

import hmac
from base64 import b64encode
from typing import Any

import pytest

from hotgate.runtime.compiling.problems import CompileProblems
from wire.samples import OK
from wire.scenario import Wire, scenario
from wire.signing_client import HOSTS, KEY, NOW, PUBLIC, SECRET, Signed, digest, message, partner, with_clock

KEYS = {"k1": {"public_key": PUBLIC, "consumer": "ada", "scopes": ["orders:read"]}, "s1": {"secret": SECRET}}
BODY = b'{"hello": "world"}'


def signed_route(**settings: Any) -> dict[str, Any]:
    return {
        "routes": [
            {"name": "all", "match": {"path": "/*", "hosts": HOSTS}, "upstream": "api", "authenticate": ["partners"]}
        ],
        "settings": {"identity": {"partners": {"signature": {"keys": KEYS, **settings}}}},
    }


async def refused(wire: Wire, request: bytes) -> str:
    """The code of the refusal; the backend must not see the request."""
    with_clock(wire)
    client = await wire.send(request)
    answer = await client.message()
    assert answer.status == 401
    assert answer.get(b"www-authenticate") == b'Signature realm="partners"'
    assert wire.upstream_metrics["connects"] == 0
    return answer.code


@scenario(**signed_route())
async def test_a_signed_request_reaches_the_backend_with_its_caller_and_without_its_signature(wire: Wire) -> None:
    with_clock(wire)
    received, answer = await wire.exchange(Signed().request(), OK)
    assert answer.status == 200
    assert received.get(b"x-auth-subject") == b"ada"
    assert received.get(b"signature") is received.get(b"signature-input") is None


@scenario(**signed_route(forward_signature=True))
async def test_a_backend_that_wants_it_gets_the_signature(wire: Wire) -> None:
    with_clock(wire)
    received, _ = await wire.exchange(Signed().request(), OK)
    assert received.get(b"signature") is not None


@scenario(**signed_route())
async def test_without_a_signature_the_client_is_told_the_scheme(wire: Wire) -> None:
    assert await refused(wire, b"GET / HTTP/1.1\r\nHost: api.example\r\n\r\n") == "token-missing"


@scenario(**signed_route())
async def test_a_body_is_compared_with_its_digest_and_forwarded(wire: Wire) -> None:
    with_clock(wire)
    received, answer = await wire.exchange(Signed(method="POST", body=BODY).request(), OK)
    assert (answer.status, received.body) == (200, BODY)


@scenario(**signed_route())
async def test_content_length_may_be_covered(wire: Wire) -> None:
    with_clock(wire)
    signed = Signed(method="POST", body=BODY, components={'"content-length"': str(len(BODY))})
    _, answer = await wire.exchange(signed.request(), OK)
    assert answer.status == 200


@scenario(**signed_route())
async def test_an_expecting_client_is_asked_for_its_body_once_its_signature_is_good(wire: Wire) -> None:
    with_clock(wire)
    signed = Signed(method="POST", body=BODY, lines=["Expect: 100-continue"])
    client = await wire.send(signed.request().removesuffix(BODY))
    assert (await client.message()).status == 100
    client.send(BODY)
    backend = await wire.backend.accept()
    assert (await backend.message()).body == BODY


CHANGED: list[dict[str, Any]] = [
    {"method": "DELETE"},
    {"target": "/orders?a=c"},
    {"target": "/orders"},
    {"target": "/orders?a=b&a=b"},
    {"target": "/admin?a=b"},
    {"target": "//orders?a=b"},  # the same canonical path, and yet not what was signed
    {"target": "/./orders?a=b"},
    {"target": "/%6Frders?a=b"},
    {"target": "http://api.example/other?a=b"},
    {"host": "other.example"},
    {"host": "api.example:8080"},
    {"host": "api.example."},
]


@pytest.mark.parametrize("change", CHANGED)
@scenario(**signed_route())
async def test_nothing_of_the_request_can_be_changed(wire: Wire, change: dict[str, Any]) -> None:
    assert await refused(wire, Signed().request(**change)) == "signature-invalid"


@scenario(**signed_route())
async def test_a_target_that_is_made_canonical_is_verified_as_it_was_sent(wire: Wire) -> None:
    with_clock(wire)
    received, answer = await wire.exchange(Signed(target="/a//b/%7Ex?q").request(), OK)
    assert (answer.status, received.start) == (200, b"GET /a/b/~x?q HTTP/1.1")


@scenario(**signed_route())
async def test_the_host_counts_in_any_case_and_with_its_default_port(wire: Wire) -> None:
    with_clock(wire)
    _, answer = await wire.exchange(Signed().request(host="API.example:80"), OK)
    assert answer.status == 200


@scenario(**signed_route())
async def test_a_query_cannot_be_added_where_none_was_covered(wire: Wire) -> None:
    signed = Signed(target="/orders")
    said = {name: value for name, value in signed.covered.items() if name != '"@query"'}
    bare = Signed(target="/orders")
    bare.components = {}
    fields = fields_over(said)
    assert await refused(wire, bare.request(fields, target="/orders?admin=1")) == "signature-incomplete"


def fields_over(covered: dict[str, str], parameters: str = f';created={NOW};keyid="k1";nonce="n1"') -> list[str]:
    """Of a signature over exactly these components."""
    said = f"({' '.join(covered)}){parameters}"
    base = "".join(f"{name}: {value}\n" for name, value in covered.items()) + f'"@signature-params": {said}'
    return [
        f"Signature-Input: sig1={said}",
        f"Signature: sig1=:{b64encode(KEY.sign(base.encode('latin-1'))).decode()}:",
    ]


INCOMPLETE: list[dict[str, str]] = [
    {},
    {'"@method"': "GET"},
    {'"@method"': "GET", '"@path"': "/orders", '"@query"': "?a=b"},
    {'"@method"': "GET", '"@authority"': "api.example", '"@path"': "/orders"},
    {'"@authority"': "api.example", '"@path"': "/orders", '"@query"': "?a=b"},
    {'"@method"': "GET", '"@authority"': "api.example", '"@path"': "/orders", '"@query-param";name="a"': "b"},
]


@pytest.mark.parametrize("covered", INCOMPLETE)
@scenario(**signed_route())
async def test_a_signature_must_cover_the_whole_request(wire: Wire, covered: dict[str, str]) -> None:
    assert await refused(wire, Signed().request(fields_over(covered))) == "signature-incomplete"


@pytest.mark.parametrize(
    "covered",
    [
        {'"@method"': "GET", '"@target-uri"': "http://api.example/orders?a=b"},
        {'"@method"': "GET", '"@authority"': "api.example", '"@request-target"': "/orders?a=b"},
    ],
)
@scenario(**signed_route())
async def test_the_target_may_be_covered_as_a_whole(wire: Wire, covered: dict[str, str]) -> None:
    with_clock(wire)
    _, answer = await wire.exchange(Signed().request(fields_over(covered)), OK)
    assert answer.status == 200


@scenario(**signed_route(components=["@method", "@target-uri", "authorization"]))
async def test_a_field_that_must_be_covered_must_be_there(wire: Wire) -> None:
    assert await refused(wire, Signed().request()) == "signature-incomplete"


@scenario(**signed_route())
async def test_a_body_needs_a_covered_digest(wire: Wire) -> None:
    assert await refused(wire, Signed().request(method="GET", body=BODY)) == "signature-incomplete"


@pytest.mark.parametrize("told", [[digest(b"x")], [digest(BODY), digest(b"x")], [digest(BODY).upper()]])
@scenario(**signed_route())
async def test_the_digest_of_another_body_does_not_pass(wire: Wire, told: list[str]) -> None:
    signed = Signed(method="POST", body=BODY, components={'"content-digest"': ", ".join(told)})
    fields = [line for line in signed.fields() if not line.startswith("Content-Digest")]
    request = signed.request([*fields, *(f"Content-Digest: {each}" for each in told)])
    assert await refused(wire, request) == "digest-mismatch"


@scenario(**signed_route())
async def test_another_body_does_not_pass(wire: Wire) -> None:
    request = Signed(method="POST", body=BODY).request(body=BODY[::-1])
    assert await refused(wire, request) == "digest-mismatch"


def of_one_member(kind: str, sent: bytes) -> bytes:
    """A request whose signature covers that member of `Content-Digest` alone, with the body that is sent."""
    told = {'"@method"': "POST", '"@target-uri"': "http://api.example/orders?a=b"}
    value = digest(BODY).partition("=")[2]
    lines = [*fields_over({**told, f'"content-digest";key="{kind}"': value}), f"Content-Digest: {kind}={value}"]
    return message("POST", "/orders?a=b", "api.example", sent, lines)


@pytest.mark.parametrize("rules", [{}, {"digest": "optional"}])
def test_a_body_is_compared_with_a_member_that_is_covered_alone(rules: dict[str, Any]) -> None:
    @scenario(**signed_route(**rules))
    async def play(wire: Wire) -> None:
        assert await refused(wire, of_one_member("sha-256", BODY[::-1])) == "digest-mismatch"
        with_clock(wire)  # and nobody who remembers the nonce
        _, answer = await wire.exchange(of_one_member("sha-256", BODY), OK)
        assert answer.status == 200

    play()


@scenario(**signed_route())
async def test_a_member_that_is_compared_with_nothing_covers_no_body(wire: Wire) -> None:
    assert await refused(wire, of_one_member("md5", BODY)) == "signature-incomplete"


@scenario(**signed_route())
async def test_a_second_digest_field_breaks_the_signature(wire: Wire) -> None:
    signed = Signed(method="POST", body=BODY)
    request = signed.request([*signed.fields(), f"Content-Digest: {digest(b'x')}"])
    assert await refused(wire, request) == "signature-invalid"


@scenario(**signed_route(max_body="1KiB"))
async def test_a_body_is_held_up_to_a_limit(wire: Wire) -> None:
    with_clock(wire)
    client = await wire.send(Signed(method="POST", body=b"x" * 1025).request())
    assert (await client.message()).status == 413


@scenario(**signed_route())
async def test_a_bad_signature_is_refused_before_its_body_is_there(wire: Wire) -> None:
    signed = Signed(method="POST", body=BODY)
    request = signed.request(signed.fields(b"x" * 64)).removesuffix(BODY)
    assert await refused(wire, request) == "signature-invalid"


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


@scenario(**signed_route())
async def test_a_signature_counts_once(wire: Wire) -> None:
    with_clock(wire)
    await wire.exchange(Signed().request(), OK)
    answer = await (await wire.send(Signed().request())).message()
    assert (answer.status, answer.code) == (401, "signature-replayed")
    later = Signed(parameters=f';created={NOW + 1};keyid="k1";nonce="n1"')
    answer = await (await wire.send(later.request())).message()
    assert answer.code == "signature-replayed"  # it is the nonce that is used up


TWO_ENTRIES: dict[str, Any] = {
    "routes": [
        {**route, "upstream": "api", "match": {"path": "/*", "hosts": HOSTS, **match}}
        for route, match in (
            ({"name": "beta", "authenticate": ["others"]}, {"headers": {"x-beta": "yes"}}),
            ({"name": "all", "authenticate": ["partners"]}, {}),
        )
    ],
    "settings": {
        "identity": {
            "partners": {"signature": {"keys": KEYS}},
            "others": {"signature": {"keys": {"k1": {"public_key": PUBLIC}}}},
        }
    },
}


@scenario(**TWO_ENTRIES)
async def test_it_counts_once_for_all_entries_that_know_the_key(wire: Wire) -> None:
    """What decides about the route may be unsigned."""
    with_clock(wire)
    await wire.exchange(Signed().request(), OK)
    answer = await (await wire.send(Signed(lines=["X-Beta: yes"]).request())).message()
    assert (answer.status, answer.code) == (401, "signature-replayed")


@scenario(**signed_route())
async def test_a_bad_signature_uses_no_nonce_up(wire: Wire) -> None:
    with_clock(wire)
    signed = Signed()
    await (await wire.send(signed.request(signed.fields(b"x" * 64)))).message()
    _, answer = await wire.exchange(signed.request(), OK)
    assert answer.status == 200


@scenario(**signed_route(nonce="optional"))
async def test_an_optional_nonce_counts_where_it_is(wire: Wire) -> None:
    with_clock(wire)
    plain = Signed(parameters=f';created={NOW};keyid="k1"').request()
    client = await wire.send(plain, plain, Signed().request(), Signed().request())
    backend = await wire.backend.accept()
    for _ in range(3):
        await backend.message()
        backend.send(OK)
        assert (await client.message()).status == 200
    assert (await client.message()).code == "signature-replayed"


@scenario(**signed_route())
async def test_when_nobody_remembers_nonces_nobody_gets_in(wire: Wire) -> None:
    wire.gateway.services["wall_clock"] = lambda: NOW
    wire.gateway.reconfigure(wire.gateway.configuration)
    answer = await (await wire.send(Signed().request())).message()
    assert (answer.status, answer.get(b"retry-after")) == (503, b"5")


@pytest.mark.parametrize("later", [0.0, 0.9, 1.0])
@scenario(**signed_route())
async def test_what_was_signed_before_anybody_remembered_is_too_old(wire: Wire, later: float) -> None:
    """`created` has no fractions: within one second nobody can tell what came first."""
    with_clock(wire, since=NOW + later)
    answer = await (await wire.send(Signed().request())).message()
    assert (answer.status, answer.code) == (401, "signature-expired")


@scenario(**signed_route())
async def test_many_at_once_are_one_question_and_one_of_them_is_let_in(wire: Wire) -> None:
    with_clock(wire)
    clients = [await wire.send(Signed().request()) for _ in range(5)]
    backend = await wire.backend.accept()
    await backend.message()
    backend.send(OK)
    assert sorted([(await client.message()).status for client in clients]) == [200, 401, 401, 401, 401]


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


BOTH: dict[str, Any] = {
    "routes": [
        {
            "name": "all",
            "match": {"path": "/*", "hosts": HOSTS},
            "upstream": "api",
            "authenticate": [{"all": ["partners", "secrets"]}],
        }
    ],
    "settings": {
        "identity": {
            "partners": {"signature": {"keys": KEYS}},
            "secrets": {"hmac": {"keys": {"acme": {"secret": SECRET}}}},
        }
    },
}


@pytest.mark.parametrize(("hashed", "status"), [(BODY, 200), (b"other", 401)])
@scenario(**BOTH)
async def test_of_two_signatures_that_must_come_together_both_speak_of_the_body(
    wire: Wire, hashed: bytes, status: int
) -> None:
    with_clock(wire)
    authorization = partner(method="POST", body=hashed)
    client = await wire.send(Signed(method="POST", body=BODY, lines=[f"Authorization: {authorization}"]).request())
    if status == 200:
        backend = await wire.backend.accept()
        assert (await backend.message()).body == BODY
        backend.send(OK)
    assert (await client.message()).status == status


@scenario(**BOTH)
async def test_half_of_them_uses_up_no_nonce(wire: Wire) -> None:
    with_clock(wire)
    assert (await (await wire.send(Signed().request())).message()).status == 401
    complete = Signed(lines=[f"Authorization: {partner()}"]).request()
    _, answer = await wire.exchange(complete, OK)
    assert answer.status == 200


@scenario(
    routes=[
        {
            "name": "all",
            "match": {"path": "/*"},
            "upstream": "api",
            "authenticate": ["partners"],
        }
    ],
    settings={"identity": {"partners": {"hmac": {"keys": {"acme": {"secret": SECRET}}}}}},
)
async def test_a_route_for_any_host_takes_no_signature_of_somebody_elses(wire: Wire) -> None:
    entry = {"partners": {"signature": {"keys": KEYS}}}
    with pytest.raises(CompileProblems, match="hosts"):
        wire.gateway.reconfigure({**wire.gateway.configuration, "identity": entry})
