"""The request that a browser takes to the provider (OpenID Connect Core §3.1.2.1, RFC 7636, RFC 9126)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from hotgate.control.openid.failures import ProviderUnavailable
from hotgate.control.openid.provider_calls import ProviderCalls
from hotgate.control.openid.provider_metadata import Endpoints
from hotgate.policies.oidc.oidc_settings import OidcSettings

MAX_LOCATION = 8 * 1024  # characters; what common servers take in a request line
_MAX_REQUEST_URI = 1024
_MAX_HINT = 320  # characters; the longest e-mail address


@dataclass(frozen=True, slots=True)
class Wish:
    """What a worker asks for. challenge: of PKCE, by S256. The last four: None for what the settings say."""

    redirect_uri: str
    state: str
    nonce: str
    challenge: str
    acr_values: str | None = None
    max_age: float | None = None
    prompt: str | None = None
    login_hint: str | None = None

    @classmethod
    def read(cls, body: Mapping[str, Any]) -> "Wish":
        """The worker's question. Raises KeyError for one that makes no sense."""
        return cls(
            redirect_uri=body["redirect_uri"],
            state=body["state"],
            nonce=body["nonce"],
            challenge=body["challenge"],
            acr_values=body.get("acr_values"),
            max_age=body.get("max_age"),
            prompt=body.get("prompt"),
            login_hint=body.get("login_hint"),
        )


class AuthorizationRequests:
    """Those of one client to one provider."""

    def __init__(self, settings: OidcSettings, calls: ProviderCalls) -> None:
        self._settings = settings
        self._calls = calls

    async def location(self, wish: Wish, endpoints: Endpoints) -> str:
        """Where the browser is sent. Raises ProviderUnavailable and ProviderRefused, both only if the request is
        pushed."""
        parameters = self._parameters(wish)
        if self._is_pushed(endpoints):
            parameters = await self._pushed(parameters, endpoints)
        location = with_query(endpoints.authorization, parameters)
        if len(location) > MAX_LOCATION:
            raise ProviderUnavailable("the request is too long for an address; use `pushed`")
        return location

    def _is_pushed(self, endpoints: Endpoints) -> bool:
        if self._settings.pushed == "off" and not endpoints.requires_pushed:
            return False
        return endpoints.pushed is not None or endpoints.requires_pushed or self._settings.pushed == "required"

    async def _pushed(self, parameters: Mapping[str, str], endpoints: Endpoints) -> dict[str, str]:
        """Never sent through the browser instead when that fails: somebody may want just that."""
        if endpoints.pushed is None:
            raise ProviderUnavailable("requests must be pushed, and its metadata does not say where to")
        answer = await self._calls.post(endpoints.pushed, parameters)
        uri = answer.get("request_uri")
        if not isinstance(uri, str) or not _is_request_uri(uri):
            raise ProviderUnavailable("its answer to a pushed request has no request_uri")
        return {"client_id": self._settings.client.id, "request_uri": uri}

    def _parameters(self, wish: Wish) -> dict[str, str]:
        settings = self._settings
        max_age = settings.max_age if wish.max_age is None else wish.max_age
        optional = {
            "acr_values": " ".join(settings.acr_values) if wish.acr_values is None else wish.acr_values,
            "max_age": None if max_age is None else f"{max_age:.0f}",
            "prompt": " ".join(settings.prompt) if wish.prompt is None else wish.prompt,
            "login_hint": None if wish.login_hint is None else wish.login_hint[:_MAX_HINT],
        }
        return {
            **settings.parameters,
            "response_type": "code",
            "response_mode": "query",
            "client_id": settings.client.id,
            "redirect_uri": wish.redirect_uri,
            "scope": " ".join(dict.fromkeys(("openid", *settings.scopes))),
            "state": wish.state,
            "nonce": wish.nonce,
            "code_challenge": wish.challenge,
            "code_challenge_method": "S256",
            **{name: value for name, value in optional.items() if value},
        }


def with_query(url: str, parameters: Mapping[str, str]) -> str:
    """An address with parameters after those that it has (RFC 6749 §3.1)."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode(parameters, quote_via=quote)}"


def _is_request_uri(text: str) -> bool:
    return 0 < len(text) <= _MAX_REQUEST_URI and text.isascii() and text.isprintable() and " " not in text
