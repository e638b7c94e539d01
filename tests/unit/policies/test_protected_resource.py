"""What may be written of a protected resource, and where its metadata stands (RFC 9728 §3.1)."""

from typing import Any

import pytest
from pydantic import ValidationError

from hotgate.policies.protected_resource import ProtectedResource


def settings(**keys: Any) -> ProtectedResource:
    return ProtectedResource.model_validate(keys)


@pytest.mark.parametrize(
    ("resource", "url"),
    [
        ("https://api.test", "https://api.test/.well-known/oauth-protected-resource"),
        ("https://api.test/", "https://api.test/.well-known/oauth-protected-resource"),
        ("https://api.test/mcp", "https://api.test/.well-known/oauth-protected-resource/mcp"),
        ("https://api.test:8443/a/b", "https://api.test:8443/.well-known/oauth-protected-resource/a/b"),
        ("http://127.0.0.1:8080/mcp", "http://127.0.0.1:8080/.well-known/oauth-protected-resource/mcp"),
    ],
)
def test_the_well_known_path_comes_before_that_of_the_resource(resource: str, url: str) -> None:
    assert settings(resource=resource).metadata_url == url


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"resource": "api"},
        {"resource": "http://api.test/mcp"},
        {"resource": "https://api.test/mcp?x=1"},
        {"resource": "https://api.test/mcp?"},
        {"resource": "https://api.test/mcp#x"},
        {"resource": "https://user@api.test/mcp"},
        {"resource": "https://api.test/a/../b"},
        {"resource": "https://api.test/a//b"},
        {"resource": "https://api.test/a%2Fb"},
        {"resource": "https://api.test/%7Ea"},
        {"resource": "https://api.test/*"},
        {"resource": "https://api.test/{id}"},
        {"resource": 'https://api.test/"'},
        {"resource": "https://api..test/"},
        {"resource": "https://api.test/mcp", "authorization_servers": []},
        {"resource": "https://api.test/mcp", "authorization_servers": ["http://idp.test"]},
        {"resource": "https://api.test/mcp", "scopes_supported": ['a"b']},
        {"resource": "https://api.test/mcp", "resource_documentation": "javascript:alert(1)"},
    ],
)
def test_what_is_no_resource(keys: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        settings(**keys)
