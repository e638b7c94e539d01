"""Who a request is from, as text by which callers are told apart when they take turns or have limits of their own."""

from hotgate.limits.address_key import address_key
from hotgate.limits.key import principal_key
from hotgate.pipeline.exchange import Exchange


def caller_key(exchange: Exchange) -> str:
    """The principal; the address of guests, of strangers, and of whoever is not authenticated yet."""
    principal = exchange.principal
    if principal is None or principal.is_anonymous:
        return address_key(exchange.client)
    return principal_key(principal.provider, principal.subject)
