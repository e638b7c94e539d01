"""A client whose keys cannot be used is found before the configuration is in force, wherever it stands."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from certificate_authority import authority
from hotgate.config.gateway import Gateway
from hotgate.config.loader import Loaded
from hotgate.config.oauth_client import OAuthClient
from hotgate.config.settings import Settings
from hotgate.keys.signing_key import SigningKey
from hotgate.runtime.compiling.oauth_clients import oauth_client_errors, oauth_clients

NO_KEY = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----"


class Deep(Settings):
    """Settings with clients in them."""

    client: OAuthClient
    others: tuple[OAuthClient, ...] = ()


def configuration(settings: Any, upstream: Any = None) -> Gateway:
    return cast(Gateway, SimpleNamespace(identity={"corp": settings}, upstreams={"api": upstream}))


def loaded(config: Gateway) -> Loaded:
    return cast(Loaded, SimpleNamespace(config=config, error=lambda path, reason: (path, reason)))


def client(**keys: Any) -> dict[str, Any]:
    return {"id": "gateway", **keys}


def test_clients_are_found_under_identity_and_upstreams_at_any_depth() -> None:
    one = Deep.model_validate({"client": client(secret="a"), "others": [client(secret="b")]})
    found = dict(oauth_clients(configuration(one, one)))
    assert list(found) == [
        ("identity", "corp", "client"),
        ("identity", "corp", "others", 0),
        ("upstreams", "api", "client"),
        ("upstreams", "api", "others", 0),
    ]


def test_good_keys_are_no_error() -> None:
    issued = authority().issue("gateway")
    settings = Deep.model_validate(
        {
            "client": client(private_key=SigningKey.generate("ES256").pem),
            "others": [client(certificate=issued.pem, certificate_key=issued.key_pem)],
        }
    )
    assert list(oauth_client_errors(loaded(configuration(settings)))) == []


@pytest.mark.parametrize(
    ("keys", "key", "reason"),
    [
        ({"private_key": NO_KEY}, "private_key", "is not a private key in PEM form"),
        (
            {"certificate": NO_KEY, "certificate_key": NO_KEY},
            "certificate",
            "the certificate and its key cannot be read, or do not belong together",
        ),
        ({"secret": "s", "ca": [NO_KEY]}, "ca", "number 1 of `ca` holds no certificate that can be read"),
    ],
)
def test_a_key_that_cannot_be_used_is_an_error_at_its_place(keys: dict[str, Any], key: str, reason: str) -> None:
    settings = Deep.model_validate({"client": client(**keys)})
    errors: list[Any] = list(oauth_client_errors(loaded(configuration(settings))))
    assert errors == [(("identity", "corp", "client", key), reason)]
    assert "c2VjcmV0" not in str(errors)
