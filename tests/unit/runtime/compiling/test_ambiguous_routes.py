"""Whoever has given the same place to two things is told where, once, and what to do."""

from pathlib import Path

import pytest

from hotgate.config.loader import load
from hotgate.runtime.compiling.compile_errors import compile_errors
from hotgate.runtime.compiling.model import built_in_model

_TEXT = """\
listeners: [{{name: web, bind: "127.0.0.1:0"}}]
store: {{}}
identity:
  corp: {{jwt: {{issuer: "https://idp.test", audience: api}}}}
  one: {{oidc: {{issuer: "https://idp.test", client: {{id: a, secret: b}}}}}}
  two: {{oidc: {{issuer: "https://idp.test", client: {{id: a, secret: b}}, path: {path}}}}}
routes:
{routes}
"""


def errors(folder: Path, *routes: str, path: str = "/two") -> list[str]:
    text = _TEXT.format(path=path, routes="\n".join(f"  - {{respond: {{}}, {route}}}" for route in routes))
    (folder / "hotgate.yaml").write_text(text)
    found = compile_errors(load(folder / "hotgate.yaml", built_in_model(), {}))
    return [str(error).removeprefix(f"{folder}/") for error in found]


def test_two_entries_with_one_path(tmp_path: Path) -> None:
    (error,) = errors(tmp_path, "name: a, match: {path: /}, authenticate: [one, two]", path="/.hotgate/one")
    assert error.startswith("hotgate.yaml:6:8: identity.two: as specific as route 'identity:one'")
    assert error.endswith("; give it another `path`")


def test_a_route_in_the_place_of_an_entry(tmp_path: Path) -> None:
    match = "{path: /.hotgate/one/callback, methods: [GET]}"
    (error,) = errors(tmp_path, f"name: a, match: {match}, authenticate: [one]")
    assert "routes[0].match: as specific as route 'identity:one'" in error


def test_two_resources_with_one_place(tmp_path: Path) -> None:
    resources = ("https://api.test", "https://api.test/")
    routes = [
        f"name: r{index}, match: {{path: /{index}}}, authenticate: [corp], protected_resource: {{resource: {resource}}}"
        for index, resource in enumerate(resources)
    ]
    (error,) = errors(tmp_path, *routes)
    assert error.startswith("hotgate.yaml:9:")
    assert "routes[1].protected_resource: as specific as route 'resource:r0'" in error
    assert "write `resource` the same in both" in error


@pytest.mark.parametrize("match", ["{path: /x}", "{path: '/x/*'}"])
def test_two_routes(tmp_path: Path, match: str) -> None:
    (error,) = errors(tmp_path, *(f"name: {name}, match: {match}, public: true" for name in "ab"))
    assert "routes[1].match: as specific as route 'a'" in error
