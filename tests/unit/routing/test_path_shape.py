"""What a path in the file may look like, and what it means."""

import pytest

from hotgate.routing.path_shape import MAX_SEGMENTS, BadPattern, parse_path


@pytest.mark.parametrize(
    ("path", "segments", "has_rest", "exact"),
    [
        ("/", ("",), False, "/"),
        ("/orders", ("orders",), False, "/orders"),
        ("/orders/", ("orders", ""), False, "/orders/"),
        ("/orders/{id}", ("orders", None), False, None),
        ("/{a}/x/{b}/", (None, "x", None, ""), False, None),
        ("/*", (), True, None),
        ("/files/*", ("files",), True, None),
        ("/{tenant}/*", (None,), True, None),
        ("/%7euser", ("~user",), False, "/~user"),
        ("/a%3ab", ("a:b",), False, "/a%3Ab"),
        ("/café au lait", ("café au lait",), False, "/caf%C3%A9%20au%20lait"),
        ("/a%2A", ("a*",), False, "/a%2A"),
    ],
)
def test_parses(path: str, segments: tuple[str | None, ...], has_rest: bool, exact: str | None) -> None:
    shape = parse_path(path)
    assert (shape.segments, shape.has_rest, shape.exact) == (segments, has_rest, exact)


def test_counts_parameters_as_a_split_path_does() -> None:
    assert parse_path("/a/{x}/{y_2}").parameters == ((2, "x"), (3, "y_2"))


@pytest.mark.parametrize(
    "path",
    [
        *("", "orders", "*", "//", "/a//b", "/a//*", "//*"),
        *("/..", "/a/../b", "/a/./b", "/%2e%2e/x", "/%2e", "/a%2fb", "/a%5cb", "/a\\b", "/%00", "/%zz", "/a#b", "/a?b"),
        *(
            "/*/a",
            "/a*",
            "/**",
            "/a/{",
            "/a/}",
            "/{}",
            "/{1a}",
            "/{a-b}",
            "/a{b}",
            "/{a}b",
            "/{a}/{a}",
            "/{a",
            "/{*rest}",
        ),
        *("/a;v=1", "/;", "/" + "a/" * MAX_SEGMENTS),
    ],
)
def test_refuses_what_cannot_match_or_has_two_meanings(path: str) -> None:
    with pytest.raises(BadPattern):
        parse_path(path)
