"""Every `OAuthClient` of a configuration, whatever it stands under, and which of them have keys that cannot be used."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from hotgate.config.errors import ConfigurationError
from hotgate.config.gateway import Gateway
from hotgate.config.loader import Loaded
from hotgate.config.oauth_client import OAuthClient
from hotgate.control.oauth.client_authentication import ClientAuthentication

Path = tuple[str | int, ...]

_SECTIONS = ("identity", "upstreams")


def oauth_clients(config: Gateway) -> Iterator[tuple[Path, OAuthClient]]:
    """Each with its path in the file."""
    for section in _SECTIONS:
        yield from _within((section,), getattr(config, section))


def oauth_client_errors(loaded: Loaded) -> Iterator[ConfigurationError]:
    """Every key or certificate of a client that cannot be used."""
    for path, client in oauth_clients(loaded.config):
        for key, reason in _unusable(client):
            yield loaded.error((*path, key), reason)


def _unusable(client: OAuthClient) -> Iterator[tuple[str, str]]:
    if reason := _refusal(lambda: ClientAuthentication(client)):
        yield "private_key", reason
    elif reason := _refusal(lambda: ClientAuthentication(client).tls()):
        yield "ca" if client.certificate is None or "`ca`" in reason else "certificate", reason


def _refusal(use: Callable[[], object]) -> str:
    try:
        use()
    except ValueError as error:
        return str(error)
    return ""


def _within(path: Path, value: Any) -> Iterator[tuple[Path, OAuthClient]]:
    if isinstance(value, OAuthClient):
        yield path, value
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            yield from _within((*path, field.alias or name), getattr(value, name))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _within((*path, key), item)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _within((*path, index), item)
