"""One spelling per target and host: what is rewritten, what is refused, and that nothing slips through."""

from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hotgate.http.targets import BadTarget, canonical, host_of, split_absolute

_HOSTILE_PIECES = [
    *(b"/", b"//", b".", b"..", b"%2e", b"%2E.", b"a", b"b~", b";", b"..;x", b"%3b", b"%2f", b"%2F", b"%5c", b"\\"),
    *(
        b"%",
        b"%25",
        b"%252e",
        b"%00",
        b"%0a",
        b"%c3%a9",
        b"%c0%ae",
        b"%zz",
        b"#",
        b" ",
        b"?",
        b"x=1",
        b"\xc3",
        b"[",
        b"|",
    ),
]
hostile_targets = st.lists(st.sampled_from(_HOSTILE_PIECES), max_size=12).map(lambda pieces: b"/" + b"".join(pieces))


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        (b"/", "/", b""),
        (b"/orders/7?x=1", "/orders/7", b"x=1"),
        (b"/orders/?", "/orders/", b""),
        (b"/a.b/c.json", "/a.b/c.json", b""),
        (b"/%7euser/%41", "/~user/A", b""),
        (b"/caf%c3%a9", "/caf%C3%A9", b""),
        (b"/a%3ab", "/a%3Ab", b""),
        (b"/x%252e%252e", "/x%252e%252e", b""),
        (b"/list[0]|{a}", "/list%5B0%5D%7C%7Ba%7D", b""),
        (b"/...", "/...", b""),
        (b"/.well-known/x", "/.well-known/x", b""),
        (b"/a;v=1/b", "/a;v=1/b", b""),
        (b"/s?redirect=//x/../%2f%00\\[]", "/s", b"redirect=//x/../%2f%00\\[]"),
        (b"/s??a", "/s", b"?a"),
    ],
)
def test_rewrites_to_the_canonical_form(target: bytes, path: str, query: bytes) -> None:
    assert canonical(target) == (path, query)


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"/a/./b", "/a/b"),
        (b"/a/../b", "/b"),
        (b"/public/%2e%2e/admin", "/admin"),
        (b"/public/.%2E/admin", "/admin"),
        (b"/a/b/..", "/a/"),
        (b"/a/..", "/"),
        (b"/a/.", "/a/"),
        (b"/.", "/"),
        (b"//admin", "/admin"),
        (b"//evil.example/x", "/evil.example/x"),
        (b"/a///b//", "/a/b/"),
    ],
)
def test_resolves_dots_and_merges_slashes(target: bytes, path: str) -> None:
    assert canonical(target)[0] == path


@pytest.mark.parametrize(
    "target",
    [
        *(b"", b"*", b"orders", b"?x", b"http://example.com/"),
        *(b"/..", b"/../a", b"/a/../../b", b"/%2e%2e/a", b"/a/%2E%2E/%2e%2e/etc/passwd"),
        *(b"/a//../b", b"/a//b/../../c"),
        *(b"/a%2fb", b"/a%2Fb", b"/a%5cb", b"/a%5C..%5Cb", b"/a\\b", b"/\\..\\b"),
        *(b"/%00", b"/a%0d%0aX:y", b"/%1f", b"/%7f", b"/a\x00", b"/a\r\n", b"/\x7f", b"/a\tb"),
        *(b"/a b", b"/a#b", b"/\xc3\xa9", b"/\xff"),
        *(b"/%", b"/%2", b"/%zz", b"/%u002e", b"/a%%32e"),
        *(b"/%c0%ae%c0%ae/", b"/%e0%80%ae", b"/%ff", b"/%c3", b"/%ed%a0%80"),
        *(b"/..;x/a", b"/a/..;/b", b"/.;x", b"/;x/a", b"/..%3bx/a", b"/%2e%2e;x/a"),
        *(b"/a?b c", b"/a?b#c", b"/a?\xe9", b"/a?b\r\n", b"/a?\x00"),
    ],
)
def test_refuses_what_two_servers_read_differently(target: bytes) -> None:
    with pytest.raises(BadTarget) as caught:
        canonical(target)
    assert caught.value.reason


def test_keeps_escaped_slashes_only_when_asked() -> None:
    assert canonical(b"/projects/a%2fb", keep_encoded_slashes=True) == ("/projects/a%2Fb", b"")


@pytest.mark.parametrize(
    "target",
    [b"/a/..%2fb", b"/a%2f..%2fb", b"/a%2f%2fb", b"/%2fa", b"/a%2f/b", b"/x%2f..;y", b"/x%5cy", b"/a%2fb/../c"],
)
def test_a_kept_slash_hides_no_dots(target: bytes) -> None:
    with pytest.raises(BadTarget):
        canonical(target, keep_encoded_slashes=True)


@given(st.one_of(hostile_targets, st.binary(max_size=40)), st.booleans())
@example(b"/%2e/a", False)
@example(b"/..%2f", True)
def test_an_accepted_target_is_stable_and_harmless(target: bytes, keep: bool) -> None:
    try:
        path, query = canonical(target, keep_encoded_slashes=keep)
    except BadTarget:
        return
    again = path.encode("ascii") + (b"?" + query if query else b"")
    assert canonical(again, keep_encoded_slashes=keep) == (path, query)
    decoded = unquote_to_bytes(path)
    assert path.startswith("/")
    assert decoded.decode("utf-8").isprintable() or not decoded.isascii()
    for danger in (b"/../", b"/./", b"//", b"\\", b"\0", b"\r", b"\n"):
        assert danger not in decoded + b"/" * (not decoded.endswith(b"/"))


@given(hostile_targets)
def test_a_backend_that_drops_matrix_parameters_finds_no_dots(target: bytes) -> None:
    try:
        path, _ = canonical(target)
    except BadTarget:
        return
    bare = [segment.partition(";")[0] for segment in path.split("/")]
    assert not {".", ".."} & set(bare)
    assert "" not in bare[1:-1]


@given(st.text(alphabet="abcXYZ019-_~!$&'()*+,=:@", min_size=1, max_size=20))
def test_ordinary_segments_are_left_alone(segment: str) -> None:
    assert canonical(f"/{segment}/x?{segment}".encode()) == (f"/{segment}/x", segment.encode())


@pytest.mark.parametrize(
    ("target", "parts"),
    [
        (b"http://example.com/a?b", ("http", b"example.com", b"/a?b")),
        (b"HTTPS://example.com:8443", ("https", b"example.com:8443", b"/")),
        (b"http://example.com?x=/", ("http", b"example.com", b"/?x=/")),
        (b"http://a@b/x", ("http", b"a@b", b"/x")),
        (b"http:///x", ("http", b"", b"/x")),
    ],
)
def test_splits_absolute_targets(target: bytes, parts: tuple[str, bytes, bytes]) -> None:
    assert split_absolute(target) == parts


def test_a_fragment_of_an_absolute_target_is_refused_by_canonical() -> None:
    _, _, origin_form = split_absolute(b"http://example.com#x")
    with pytest.raises(BadTarget):
        canonical(origin_form)


@pytest.mark.parametrize(
    "target", [b"/a", b"*", b"", b"ftp://x/", b"http:/x", b"example.com:443", b"file:///etc/passwd"]
)
def test_refuses_other_forms_as_absolute(target: bytes) -> None:
    with pytest.raises(BadTarget):
        split_absolute(target)


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        (b"example.com", "example.com"),
        (b"API.Example.COM:8443", "api.example.com"),
        (b"example.com.", "example.com"),
        (b"example.com.:80", "example.com"),
        (b"my_service", "my_service"),
        (b"127.0.0.1:65535", "127.0.0.1"),
        (b"[::1]:80", "[::1]"),
        (b"[2001:DB8:0:0::1]", "[2001:db8::1]"),
    ],
)
def test_host_of_is_canonical(authority: bytes, host: str) -> None:
    assert host_of(authority) == host


@pytest.mark.parametrize(
    "authority",
    [
        *(b"", b":80", b".", b"..", b"a..b", b".a", b"a..", b"a" * 64, b".".join([b"abcdefg"] * 40)),
        *(
            b"user@example.com",
            b"user:pw@example.com",
            b"a b",
            b"a/b",
            b"a\\b",
            b"a?b",
            b"a#b",
            b"a,b",
            b"a%2eb",
            b"*.a",
        ),
        *(b"example.com:", b"example.com:0", b"example.com:65536", b"example.com:-1", b"example.com:8x", b"a:80:80"),
        *(b"example.com:000080", b"\xc3\xa9.example", b"a\x00b", b"a\n", b"example.com\r\n"),
        *(
            b"[::1",
            b"::1",
            b"[]",
            b"[:::]",
            b"[127.0.0.1]",
            b"[fe80::1%25eth0]",
            b"[v1.a]",
            b"[::1]x",
            b"[::1]:",
            b"[[::1]]",
        ),
    ],
)
def test_host_of_refuses_malformed_authorities(authority: bytes) -> None:
    with pytest.raises(BadTarget):
        host_of(authority)


@given(st.one_of(st.binary(max_size=30), st.text("aA0-_.:[]@", max_size=20).map(str.encode)))
def test_host_of_is_stable(authority: bytes) -> None:
    try:
        host = host_of(authority)
    except BadTarget:
        return
    assert host_of(host.encode("ascii")) == host == host.lower()
