"""Every configuration on the pages in the folders below is what `hotgate check` accepts, as it is written there.

A block marked `yaml` is a whole file; one marked `yaml fragment` lacks what has nothing to do with its subject, such as
listeners, upstreams, identity and routes. YAML that is no configuration has another word behind it, as `yaml table`.
Files and variables that a page speaks of are made here.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from certificate_authority import authority
from hotgate.identity.passwords.password_hash import hashed
from hotgate.runtime.compiling.compile_errors import compile_errors
from hotgate.runtime.compiling.load import load_configuration
from hotgate.testing.issuer import Issuer

DOCS = Path(__file__).parents[2] / "docs"
AUTHENTICATION = DOCS / "authentication"
FOLDERS = (AUTHENTICATION, DOCS / "authorization", DOCS / "limits", DOCS / "releases")
PAGES = [page for folder in FOLDERS for page in sorted(folder.glob("*.md"))]
OF_AUTHENTICATION = [page for page in PAGES if page.parent == AUTHENTICATION]
INDEXES = [page for page in PAGES if page.stem == "README"]
PROVIDERS = {
    "auth0": "auth0",
    "cognito": "cognito",
    "entra-id": "entra",
    "google": "google",
    "keycloak": "keycloak",
    "okta": "okta",
}

_BLOCK = re.compile(r"^```yaml( fragment)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"(?:[\w.-]*/)*([\w-]+)\.(pem|key|json|der|crl|htpasswd|cedarschema|cedar)\b")
_CEDAR_PAGE = (DOCS / "authorization" / "cedar.md").read_text(encoding="utf-8")
_CEDAR = dict(re.findall(r"^```(cedar(?:schema)?)\n(.*?)^```$", _CEDAR_PAGE, re.MULTILINE | re.DOTALL))
"""The files that the page on Cedar shows, by their suffix."""

_VARIABLE = re.compile(r"\$\{(\w+)")
_PUBLIC_KEY = (
    Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
)
_LISTENERS = 'listeners: [{name: web, bind: "127.0.0.1:8080"}]\n'
_MECHANISM = '{jwt: {issuer: "https://idp.example.com", audience: api, jwks_url: "https://idp.example.com/jwks"}}'


def blocks() -> Iterator[tuple[str, bool, str]]:
    """Page, whether the block is a fragment, and its text."""
    for page in PAGES:
        for fragment, text in _BLOCK.findall(page.read_text(encoding="utf-8")):
            yield f"{page.parent.name}/{page.stem}", bool(fragment), text


def completed(text: str) -> str:
    """A fragment with a listener, the upstreams and identities that it names, and a route for what it identifies."""
    given = yaml.safe_load(text)
    whole = text if "listeners" in given else text + _LISTENERS
    upstreams = set(named(given, "upstream"))
    if upstreams and "upstreams" not in given:
        targets = ", ".join(f'{name}: {{targets: ["http://127.0.0.1:9000"]}}' for name in sorted(upstreams))
        whole += f"upstreams: {{{targets}}}\n"
    identities = set(named(given, "authenticate"))
    if identities and "identity" not in given:
        whole += f"identity: {{{', '.join(f'{name}: {_MECHANISM}' for name in sorted(identities))}}}\n"
    if "routes" not in given:
        names = ", ".join(given.get("identity", {}))
        access = f"authenticate: [{names}]" if names else "public: true"
        whole += f'routes: [{{name: all, match: {{hosts: [api.example.com], path: "/*"}}, {access}, respond: {{}}}}]\n'
    return whole


def named(tree: object, key: str) -> Iterator[str]:
    """The names under every such key, at any depth."""
    if isinstance(tree, dict):
        found = tree.get(key, [])
        yield from (name for name in ([found] if isinstance(found, str) else found) if isinstance(name, str))
    children = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    for child in children:
        yield from named(child, key)


def supply(folder: Path, text: str) -> None:
    """Make the files that a configuration names."""
    for name, suffix in {(match[1], match[2]) for match in _FILE.finditer(text)}:
        path = folder / f"{name}.{suffix}"
        if suffix == "json":
            path.write_text(json.dumps(Issuer(algorithm="RS256").jwks()))
        elif suffix == "crl":
            path.write_bytes(authority().crl())
        elif suffix.startswith("cedar"):
            path.write_text(_CEDAR[suffix])
        elif suffix == "htpasswd":
            path.write_text(f"ada:{hashed('lovelace')}\n")
        elif name.endswith("-public"):
            path.write_text(_PUBLIC_KEY)
        elif suffix == "der":
            path.write_bytes(b"any")
        elif "ca" in re.split("[-_]", name) or name.endswith("ca"):
            path.write_text(authority().pem)
        elif not path.exists():
            authority().issue("a.example").save(folder, name)


@pytest.mark.parametrize(("page", "is_fragment", "text"), list(blocks()))
def test_a_configuration_is_accepted_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str, is_fragment: bool, text: str
) -> None:
    for variable in _VARIABLE.findall(text):
        monkeypatch.setenv(variable, "5f" * 32)
    supply(tmp_path, text)
    file = tmp_path / "hotgate.yaml"
    file.write_text(completed(text) if is_fragment else text)
    loaded = load_configuration(file)
    assert compile_errors(loaded) == []
    assert page.removeprefix("authentication/") not in PROVIDERS or not loaded.warnings


@pytest.mark.parametrize("page", OF_AUTHENTICATION, ids=lambda page: page.stem)
def test_every_page_about_authentication_shows_a_configuration(page: Path) -> None:
    assert page.stem == "README" or f"authentication/{page.stem}" in {name for name, _, _ in blocks()}


@pytest.mark.parametrize(("page", "provider"), list(PROVIDERS.items()))
def test_a_provider_has_a_page_with_its_preset(page: str, provider: str) -> None:
    assert any(f"provider: {provider}" in text for name, _, text in blocks() if name == f"authentication/{page}")


@pytest.mark.parametrize("index", INDEXES, ids=lambda page: page.parent.name)
def test_an_index_names_every_page_of_its_folder(index: Path) -> None:
    text = index.read_text(encoding="utf-8")
    pages = [page for page in PAGES if page.parent == index.parent and page != index]
    assert [page.name for page in pages if f"({page.name})" not in text] == []
