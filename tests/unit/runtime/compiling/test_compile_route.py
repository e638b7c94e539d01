"""A route's own steps: rewriting works on whole segments, answers are fixed."""

import pytest

from hotgate.config.routes import Redirect, Respond, Rewrite
from hotgate.http.response import Response
from hotgate.runtime.compiling.compile_route import redirecting, responding, rewriting
from hotgate.testing import make_exchange


@pytest.mark.parametrize(
    ("prefix", "path", "expected"),
    [
        ("/v1", "/v1/a/b", "/a/b"),
        ("/v1", "/v1", "/"),
        ("/v1", "/v1/", "/"),
        ("/v1/x", "/v1/x/y/", "/y/"),
        ("/v1", "/v1/v1/a", "/v1/a"),
        ("/v1", "/v1/%2e", "/%2e"),
    ],
)
def test_a_prefix_is_stripped_by_segments(prefix: str, path: str, expected: str) -> None:
    exchange = make_exchange(path=path)
    assert rewriting(Rewrite(strip_prefix=prefix), prefix + "/*")(exchange) is None
    assert exchange.request.path == expected


@pytest.mark.parametrize(
    ("template", "matched", "path", "expected"),
    [
        ("/u/{id}", "/users/{id}", "/users/7", "/u/7"),
        ("/u/{id}/*", "/users/{id}/*", "/users/7/a/b", "/u/7/a/b"),
        ("/u/{id}/*", "/users/{id}/*", "/users/7/", "/u/7/"),
        ("/{b}/{a}", "/x/{a}/{b}", "/x/1/2", "/2/1"),
        ("/fixed", "/any/*", "/any/thing", "/fixed"),
        ("/u/{id}", "/users/{id}", "/users/a%20b", "/u/a%20b"),
    ],
)
def test_a_path_from_a_template(template: str, matched: str, path: str, expected: str) -> None:
    exchange = make_exchange(path=path)
    assert rewriting(Rewrite(path=template), matched)(exchange) is None
    assert exchange.request.path == expected


def test_redirect() -> None:
    answer = redirecting(Redirect(to="https://b.example/x", status=307))(make_exchange())
    assert isinstance(answer, Response)
    assert (answer.status, answer.header("Location")) == (307, "https://b.example/x")


def test_respond_is_new_each_time() -> None:
    step = responding(Respond(status=200, headers={"X-A": "1"}, body="hé"))
    first, second = step(make_exchange()), step(make_exchange())
    assert isinstance(first, Response)
    assert isinstance(second, Response)
    first.headers.set(b"x-a", b"changed")
    assert second.header("x-a") == "1"
    assert first.body == "hé".encode()
    assert second.header("content-type") == "text/plain; charset=utf-8"


def test_respond_keeps_the_given_type() -> None:
    answer = responding(Respond(headers={"Content-Type": "text/html"}, body="x"))(make_exchange())
    assert isinstance(answer, Response)
    assert answer.headers.get_all(b"content-type") == [b"text/html"]
