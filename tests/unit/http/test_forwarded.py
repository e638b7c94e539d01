"""A client cannot choose the address it is known by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotgate.http.forwarded import MAX_HOPS, TrustedProxies, client_address, client_scheme, forwarded_fields, hops
from hotgate.http.targets import BadTarget

NOBODY = TrustedProxies()
INNER = TrustedProxies(["10.0.0.0/8", "2001:db8:1::/48"])


def test_trusts_networks_of_both_families() -> None:
    assert INNER.trusts("10.1.2.3")
    assert INNER.trusts("::ffff:10.1.2.3")
    assert INNER.trusts("2001:db8:1::7")
    for stranger in ("11.0.0.1", "2001:db8:2::1", "", "unix:", "10.0.0", "10.0.0.1, 10.0.0.2"):
        assert not INNER.trusts(stranger)


@pytest.mark.parametrize("network", ["10.0.0.1/8", "10.0.0.0/33", "proxy.example", ""])
def test_refuses_what_is_not_a_network(network: str) -> None:
    with pytest.raises(ValueError, match=r"network|host bits|permitted|appear"):
        TrustedProxies([network])


def test_a_stranger_is_not_believed() -> None:
    assert client_address("192.0.2.1", [b"10.0.0.1"], [b"for=10.0.0.1"], INNER) == "192.0.2.1"
    assert client_address("10.0.0.1", [b"192.0.2.1"], [], NOBODY) == "10.0.0.1"


@pytest.mark.parametrize(
    ("values", "client"),
    [
        ([b"192.0.2.7"], "192.0.2.7"),
        ([b"6.6.6.6, 192.0.2.7"], "192.0.2.7"),
        ([b"6.6.6.6", b"192.0.2.7, 10.0.0.9"], "192.0.2.7"),
        ([b"192.0.2.7, 10.0.0.9,10.0.0.8"], "192.0.2.7"),
        ([b"10.0.0.7, 10.0.0.9"], "10.0.0.7"),
        ([b"192.0.2.7:4711"], "192.0.2.7"),
        ([b"2001:DB8::0:7"], "2001:db8::7"),
        ([b"[2001:db8::7]:4711"], "2001:db8::7"),
        ([b"::ffff:192.0.2.7"], "192.0.2.7"),
        ([b"192.0.2.7, unknown"], "10.0.0.1"),
        ([b"192.0.2.7, _hidden, 10.0.0.9"], "10.0.0.9"),
        ([b"192.0.2.7,"], "10.0.0.1"),
        ([b""], "10.0.0.1"),
        ([b"192.0.2.7\xff"], "10.0.0.1"),
        ([b"0x7f.1"], "10.0.0.1"),
        ([b"192.0.2.07"], "10.0.0.1"),
        ([b"192.0.2.7:port"], "10.0.0.1"),
        ([], "10.0.0.1"),
    ],
)
def test_reads_x_forwarded_for_from_the_right(values: list[bytes], client: str) -> None:
    assert client_address("10.0.0.1", values, [], INNER) == client


@pytest.mark.parametrize(
    ("values", "client"),
    [
        ([b"for=192.0.2.7"], "192.0.2.7"),
        ([b'For="[2001:db8::7]:4711";proto=https'], "2001:db8::7"),
        ([b"for=6.6.6.6, for=192.0.2.7;host=a, for=10.0.0.9"], "192.0.2.7"),
        ([b'for="'], "10.0.0.1"),
        ([b'for=", for=192.0.2.7;by=10.0.0.1'], "192.0.2.7"),
        ([b"for=unknown"], "10.0.0.1"),
        ([b'for="_gazonk"'], "10.0.0.1"),
        ([b"for=192.0.2.7;for=6.6.6.6"], "10.0.0.1"),
        ([b"proto=https"], "10.0.0.1"),
        ([b"for = 192.0.2.7"], "10.0.0.1"),
        ([b"192.0.2.7"], "10.0.0.1"),
        # A client that sends these as its Host must not get out of the quotes that a proxy puts round it.
        ([b'for=192.0.2.7;host="a,for=6.6.6.6"'], "10.0.0.1"),
        ([b'for=192.0.2.7;host="a,for=6.6.6.6;x=";by=_p'], "10.0.0.1"),
        ([b'for=192.0.2.7;host="a,for=6.6.6.6;x=\\"b"'], "10.0.0.1"),
        ([b'for=192.0.2.7;host="a;for=6.6.6.6"'], "10.0.0.1"),
    ],
)
def test_reads_forwarded_from_the_right(values: list[bytes], client: str) -> None:
    assert client_address("10.0.0.1", [], values, INNER) == client


def test_of_two_fields_only_the_one_the_proxies_write_counts() -> None:
    both = ("10.0.0.1", [b"192.0.2.7"], [b"for=6.6.6.6"])
    assert client_address(*both, INNER) == "192.0.2.7"
    assert client_address(*both, TrustedProxies(["10.0.0.0/8"], field="forwarded")) == "6.6.6.6"


def test_a_chain_is_not_followed_for_ever() -> None:
    believed = hops("10.0.0.1", [b",".join([b"192.0.2.7"] + [b"10.0.0.2"] * 5000)], [], INNER)
    assert len(believed) == MAX_HOPS + 1
    assert "192.0.2.7" not in believed


@given(st.lists(st.binary(max_size=30), max_size=4), st.lists(st.binary(max_size=60), max_size=4))
def test_any_input_gives_some_address(x_forwarded_for: list[bytes], forwarded: list[bytes]) -> None:
    assert hops("10.0.0.1", x_forwarded_for, forwarded, INNER)[-1] == "10.0.0.1"


@given(st.from_regex(rb'(for=[0-9.]{7}|host="[a;,=\\"]*"|[;, ]){0,8}', fullmatch=True))
def test_nothing_a_client_wrote_moves_an_address_that_a_proxy_added(written: bytes) -> None:
    assert client_address("10.0.0.1", [], [written + b", for=192.0.2.7"], INNER) == "192.0.2.7"


@pytest.mark.parametrize(
    ("peer", "values", "scheme"),
    [
        ("10.0.0.1", [b"https"], "https"),
        ("10.0.0.1", [b"https, http"], "http"),
        ("10.0.0.1", [b"gopher"], "http"),
        ("10.0.0.1", [], "http"),
        ("192.0.2.1", [b"https"], "http"),
    ],
)
def test_only_a_trusted_peer_says_which_scheme_it_was(peer: str, values: list[bytes], scheme: str) -> None:
    assert client_scheme("http", values, peer, INNER) == scheme


def test_tells_the_backend_what_is_believed() -> None:
    assert forwarded_fields(("192.0.2.7",), "https", b"api.example.com") == (
        b"x-forwarded-for: 192.0.2.7\r\n"
        b"x-forwarded-proto: https\r\n"
        b"x-forwarded-host: api.example.com\r\n"
        b"forwarded: for=192.0.2.7;host=api.example.com;proto=https\r\n"
    )


def test_quotes_what_is_no_token() -> None:
    assert forwarded_fields(("2001:db8::7", "10.0.0.1"), "http", b"api.example.com:8080") == (
        b"x-forwarded-for: 2001:db8::7, 10.0.0.1\r\n"
        b"x-forwarded-proto: http\r\n"
        b"x-forwarded-host: api.example.com:8080\r\n"
        b'forwarded: for="[2001:db8::7]", for=10.0.0.1;host="api.example.com:8080";proto=http\r\n'
    )


def test_a_peer_without_address_is_unknown() -> None:
    assert forwarded_fields(("",), "http", b"") == (
        b"x-forwarded-for: unknown\r\nx-forwarded-proto: http\r\nforwarded: for=unknown;proto=http\r\n"
    )


@pytest.mark.parametrize("authority", [b"a\r\nx: y", b'a";for=6.6.6.6', b"a,b", b"u@a"])
def test_a_malformed_authority_injects_nothing(authority: bytes) -> None:
    with pytest.raises(BadTarget):
        forwarded_fields(("192.0.2.7",), "http", authority)


def test_peers_of_unix_sockets_are_trusted_only_by_name() -> None:
    assert TrustedProxies(["unix"]).trusts("unix")
    assert not TrustedProxies(["0.0.0.0/0", "::/0"]).trusts("unix")
    assert not TrustedProxies(["unix"]).trusts("192.0.2.1")
    assert not TrustedProxies(["unix"]).trusts("")
    assert client_address("unix", [b"192.0.2.1"], [], TrustedProxies(["unix"])) == "192.0.2.1"
    assert client_address("unix", [b"192.0.2.1"], [], TrustedProxies(["10.0.0.0/8"])) == "unix"


def test_a_client_cannot_claim_to_be_a_unix_socket() -> None:
    trusted = TrustedProxies(["unix", "10.0.0.0/8"])
    assert client_address("10.0.0.1", [b"203.0.113.9, unix"], [], trusted) == "10.0.0.1"
