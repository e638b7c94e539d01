"""What a request is hashed by: a text that stays the same for requests that belong together, or None."""

from collections.abc import Callable

from hotgate.pipeline.exchange import Exchange

Key = Callable[[Exchange], bytes | None]


def hash_key(by: str, name: str = "") -> Key:
    """The key that `balance.consistent_hash` names. name: of the header, cookie or query parameter."""
    if by == "header":
        field = name.lower().encode("latin-1")
        return lambda exchange: exchange.request.headers.get(field)
    if by == "cookie":
        cookie = name.encode("latin-1")
        return lambda exchange: cookie_of(exchange, cookie)
    if by == "query":
        parameter = name.encode("latin-1") + b"="
        return lambda exchange: _parameter(exchange.request.query, parameter)
    return _PLAIN_KEYS[by]


def cookie_of(exchange: Exchange, name: bytes) -> bytes | None:
    """The first cookie of that name (RFC 6265 §5.4), or None."""
    for field, value in exchange.request.headers.fields:
        if field == b"cookie":
            for pair in value.split(b";"):
                key, _, content = pair.strip(b" \t").partition(b"=")
                if key == name:
                    return content.strip(b'"')
    return None


def _parameter(query: bytes, parameter: bytes) -> bytes | None:
    return next((pair[len(parameter) :] for pair in query.split(b"&") if pair.startswith(parameter)), None)


def _client(exchange: Exchange) -> bytes | None:
    return exchange.client.encode("utf-8", "replace") or None


def _principal(exchange: Exchange) -> bytes | None:
    principal = exchange.principal
    if principal is None or principal.is_anonymous:  # guests are many: they must not all meet at one target
        return None
    return f"{principal.provider}\n{principal.subject}".encode("utf-8", "replace")


def _path(exchange: Exchange) -> bytes | None:
    return exchange.request.path.encode("ascii", "replace")


_PLAIN_KEYS: dict[str, Key] = {"client": _client, "principal": _principal, "path": _path}
