"""What a token endpoint is asked (RFC 6749 §4.4.2, RFC 8693 §2.1)."""

from hotgate.config.token_credentials import TokenExchange, TokenRequest

_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 (the name of a type)


def client_credentials_form(settings: TokenRequest) -> dict[str, str]:
    """For a token of the gateway's own, for the service that the settings name."""
    return {"grant_type": "client_credentials", **_wanted(settings)}


def actor_form() -> dict[str, str]:
    """For a token that says no more than who the gateway is."""
    return {"grant_type": "client_credentials"}


def exchange_form(settings: TokenExchange) -> dict[str, str]:
    """For a token in exchange: all but `subject_token` and `actor_token`."""
    form = {"grant_type": _EXCHANGE, "subject_token_type": settings.subject_token_type, **_wanted(settings)}
    if settings.requested_token_type is not None:
        form["requested_token_type"] = settings.requested_token_type
    if settings.act_as_gateway:
        form["actor_token_type"] = _ACCESS_TOKEN
    return form


def _wanted(settings: TokenRequest) -> dict[str, str]:
    said = {"scope": " ".join(settings.scopes), "audience": settings.audience, "resource": settings.resource}
    return {name: value for name, value in said.items() if value}
