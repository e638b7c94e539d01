"""What `apis` and `version` may say, and where `check` points when they say something else."""

from pathlib import Path

import pytest

from hotgate.config.apis import plain_version
from hotgate.config.errors import ConfigurationErrors
from hotgate.runtime.compiling.load import deep_errors, load_configuration

FILE = """\
listeners: [{{name: web, bind: "127.0.0.1:0"}}]
upstreams: {{orders: {{targets: ["http://127.0.0.1:9000"]}}}}
apis: {{orders: {api}}}
defaults: {{public: true, upstream: orders}}
routes:
  - {{name: orders, match: {{path: "{path}"}}, version: {version}}}
  {more}
"""
API = '{by: [{header: Api-Version}], default: v1, versions: {v1: {}, "2": {}}}'


def check(folder: Path, api: str = API, path: str = "/orders", version: str = "{api: orders}", more: str = "") -> str:
    file = folder / "hotgate.yaml"
    file.write_text(FILE.format(api=api, path=path, version=version, more=more))
    try:
        loaded = load_configuration(file)
    except ConfigurationErrors as errors:
        found = list(errors.errors)
    else:
        found = [*deep_errors(loaded), *loaded.warnings]
    return "\n".join(str(error).removeprefix(f"{file}:") for error in found)


@pytest.mark.parametrize("path", ["/orders", "/{version}/orders/{id}"])
def test_what_is_right(tmp_path: Path, path: str) -> None:
    assert check(tmp_path, path=path) == ""
    assert check(tmp_path, path=path, version="{api: orders, only: [v1]}") == ""


@pytest.mark.parametrize(
    ("api", "says"),
    [
        ("{versions: {}}", "apis.orders.versions"),
        ("{versions: {v1: {}, V1: {}}}", "two of the versions are the same to clients"),
        ("{versions: {v1: {}, '1': {}}}", "two of the versions are the same to clients"),
        ("{versions: {v1: {}}, default: v2}", "`default` is none of `versions`"),
        ("{versions: {v 1: {}}}", "use a version such as v2"),
        ("{versions: {v1: {}}, by: [{header: a, query: b}]}", "exactly one of `header`, `query` and `media_type`"),
        ("{versions: {v1: {}}, by: [{}]}", "exactly one of `header`, `query` and `media_type`"),
        ("{versions: {v1: {sunset: 2026-01-01}}}", "apis.orders.versions.v1.sunset"),
        ("{versions: {v1: {after_sunset: gone}}}", "`after_sunset: gone` needs a `sunset`"),
        (
            '{versions: {v1: {deprecated: "2027-01-02T00:00:00Z", sunset: "2027-01-01T00:00:00Z"}}}',
            "`sunset` is before `deprecated`",
        ),
        ('{versions: {v1: {sunset_link: "https://a.example/>; rel=x"}}}', "use an http(s) URL or a path"),
        ('{versions: {v1: {sunset_link: "javascript:x"}}}', "use an http(s) URL or a path"),
        ("{versions: {v1: {}}}", "routes[0].match.path: nothing says which version"),
    ],
)
def test_what_is_wrong_with_an_api(tmp_path: Path, api: str, says: str) -> None:
    assert says in check(tmp_path, api)


def test_names_that_do_not_exist(tmp_path: Path) -> None:
    assert "routes[0].version.api: there is no API 'order'; did you mean 'orders'?" in check(
        tmp_path, version="{api: order}"
    )
    unknown = check(tmp_path, version="{api: orders, only: [v1, v3]}")
    assert "routes[0].version.only[1]: the API has no such version; it has v1, 2" in unknown


def test_an_api_that_no_route_uses(tmp_path: Path) -> None:
    more = "- {name: other, match: {path: /other}}"
    api = f"{API}, unused: {{versions: {{v1: {{}}}}}}"
    assert "API 'unused' is not used by any route" in check(tmp_path, api, more=more)


@pytest.mark.parametrize(
    "more",
    [
        "- {name: again, match: {path: /orders}}",
        "- {name: again, match: {path: /orders}, version: {api: orders, only: ['2']}}",
    ],
)
def test_two_routes_for_the_same_requests(tmp_path: Path, more: str) -> None:
    assert "neither is more specific" in check(tmp_path, more=more)


def test_routes_of_one_path_with_other_parameter_names(tmp_path: Path) -> None:
    more = "- {name: again, match: {path: '/orders/{key}'}, version: {api: orders, only: ['2']}}"
    assert check(tmp_path, path="/orders/{id}", version="{api: orders, only: [v1]}", more=more) == ""


@pytest.mark.parametrize(
    ("text", "plain"),
    [("v2", "2"), ("V2", "2"), (" 2 ", "2"), ("vnext", "vnext"), ("v", "v"), ("", ""), ("2026-10-01", "2026-10-01")],
)
def test_a_v_before_a_digit_makes_no_difference(text: str, plain: str) -> None:
    assert plain_version(text) == plain
