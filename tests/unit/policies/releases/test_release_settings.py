"""What `release` and `mirror` may say, and where `check` points when they say something else."""

from pathlib import Path

import pytest

from hotgate.config.errors import ConfigurationErrors
from hotgate.runtime.compiling.load import deep_errors, load_configuration

FILE = """\
listeners: [{name: web, bind: "127.0.0.1:0"}]
upstreams:
  orders: {targets: ["http://127.0.0.1:9000"]}
  orders-next: {targets: ["http://127.0.0.1:9001"]}
routes:
  - name: orders
    match: {path: "/orders/{id}"}
    public: true
    upstream: orders
    """


def check(folder: Path, keys: str) -> list[str]:
    file = folder / "hotgate.yaml"
    file.write_text(FILE + keys + "\n")
    try:
        loaded = load_configuration(file)
    except ConfigurationErrors as errors:
        found = list(errors.errors)
    else:
        found = [*deep_errors(loaded), *loaded.warnings]
    return [str(error).removeprefix(f"{file}:") for error in found]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (
            "release: {to: {orders-nxt: 5%}}",
            "10:32: routes[0].release.to.orders-nxt: there is no upstream 'orders-nxt'",
        ),
        ("release: {to: {orders: 5%}}", "routes[0].release.to.orders: this is the route's own upstream"),
        ("release: {to: {orders-next: 101%}}", "write a percentage from 0% to 100%"),
        ("release: {to: {orders-next: 5}}", "write a percentage from 0% to 100%"),
        ("release: {to: {orders-next: 1.005%}}", "write a percentage from 0% to 100%"),
        ("release: {to: {}}", "routes[0].release.to"),
        ("release: {to: {orders-next: 5%}, sticky: {cookie: a, secret: short}}", "at least 16 characters"),
        ("release: {to: {orders-next: 5%}, stick: none}", "did you mean 'sticky'?"),
        ("release: {to: {orders-next: 5%}, rules: [{to: orders-next}]}", "exactly one of `header`, `claim` and `when`"),
        (
            'release: {to: {orders-next: 5%}, rules: [{to: no, when: "true"}]}',
            "neither the route's own upstream nor one",
        ),
        (
            "release: {to: {orders-next: 5%}, rules: [{to: orders-next, when: 'path.idd == \"1\"'}]}",
            "10:70: routes[0].release.rules[0].when: at column 5 of the expression: there is no attribute 'path.idd'",
        ),
        (
            "release: {to: {orders-next: 5%}, rules: [{to: orders-next, when: 'body.x == 1'}]}",
            "the body is not read here",
        ),
        (
            "release: {to: {orders-next: 5%}, rules: [{to: orders-next, claim: {betta: true}}]}\n"
            "authorization: {claims: {beta: bool}}",
            "routes[0].release.rules[0].claim.betta: there is no claim 'betta'; did you mean 'beta'?",
        ),
        ("mirror: {upstream: shadow}", "routes[0].mirror.upstream: there is no upstream 'shadow'"),
        ("mirror: {upstream: orders}", "this is the route's own upstream, which would get everything twice"),
        ("mirror: {upstream: orders-next, methods: [TRACE]}", "CONNECT and TRACE"),
        ("mirror: {upstream: orders-next, methods: [post]}", "capital letters"),
    ],
)
def test_what_is_wrong_is_told_at_its_place(tmp_path: Path, keys: str, says: str) -> None:
    found = check(tmp_path, keys)
    assert any(says in line for line in found), found


@pytest.mark.parametrize(
    "keys",
    [
        "release: {to: {orders-next: 0.25%}}",
        "release: {to: {orders-next: 100%}, sticky: none, return_on: {}}",
        "mirror: {upstream: orders-next}",
    ],
)
def test_an_upstream_of_a_release_or_a_mirror_is_used(tmp_path: Path, keys: str) -> None:
    assert check(tmp_path, keys) == []


def test_shares_of_more_than_all(tmp_path: Path) -> None:
    more = "release: {to: {orders-next: 60%, teal: 60%}}"
    assert any("more than 100% together" in line for line in check(tmp_path, more))


@pytest.mark.parametrize("key", ["release: {to: {orders-next: 5%}}", "mirror: {upstream: orders-next}"])
def test_only_a_route_with_an_upstream_has_any(tmp_path: Path, key: str) -> None:
    keys = f"{key}\n  - name: old\n    match: {{path: /old}}\n    public: true\n    respond: {{}}\n    {key}"
    assert any("routes[1]" in line and "only a route with an `upstream`" in line for line in check(tmp_path, keys))
