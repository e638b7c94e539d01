"""What conditions may look at of a request. What two servers could read differently is not read at all."""

from collections.abc import Mapping

from hotgate.pipeline.exchange import Exchange
from hotgate.policies.conditions.attribute import Attribute, Unreadable
from hotgate.routing.conditions import query_parameters


def _headers(exchange: Exchange) -> dict[str, str]:
    """Several fields of one name are one value, joined by commas (RFC 9110 §5.3): a second cannot hide the first."""
    joined: dict[str, str] = {}
    for name, value in exchange.request.headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        joined[key] = f"{joined[key]}, {text}" if key in joined else text
    return joined


def _some_headers(names: tuple[str, ...], exchange: Exchange) -> dict[str, str]:
    sent = [(name, exchange.request.headers.get_all(name.encode("latin-1", "replace"))) for name in names]
    return {name: b", ".join(values).decode("latin-1") for name, values in sent if values}


def _query(exchange: Exchange) -> dict[str, str]:
    """Servers disagree on which of two equal names counts, so there is no saying what the backend will read."""
    return _unique(_query_lists(exchange))


def _some_query(names: tuple[str, ...], exchange: Exchange) -> dict[str, str]:
    parameters = _query_lists(exchange)
    return _unique({name: parameters[name] for name in names if name in parameters})


def _unique(parameters: Mapping[str, list[str]]) -> dict[str, str]:
    if any(len(values) > 1 for values in parameters.values()):
        raise Unreadable("a query parameter is there twice; `request.query_lists` shows them all")
    return {name: values[0] for name, values in parameters.items()}


def _query_lists(exchange: Exchange) -> Mapping[str, list[str]]:
    parameters = query_parameters(exchange.request.query)
    if exchange.request.query and not parameters:
        raise Unreadable("the query cannot be read")
    return parameters


def _some_query_lists(names: tuple[str, ...], exchange: Exchange) -> dict[str, list[str]]:
    parameters = _query_lists(exchange)
    return {name: parameters[name] for name in names if name in parameters}


def _size(exchange: Exchange) -> int:
    """Chunks say no length in advance: as nothing they would pass for small."""
    request = exchange.request
    if request.body is not None:
        return len(request.body)
    if request.is_chunked:
        raise Unreadable("the size of the body is not declared")
    return request.content_length or 0


REQUEST_ATTRIBUTES = (
    Attribute("request.method", "string", lambda exchange: exchange.request.method, "upper case"),
    Attribute("request.path", "string", lambda exchange: exchange.request.path, "canonical, percent-encoded"),
    Attribute("request.host", "string", lambda exchange: exchange.request.host, "lower case, without port"),
    Attribute("request.scheme", "string", lambda exchange: exchange.request.scheme, "`http` or `https`"),
    Attribute("request.client", "string", lambda exchange: exchange.client, "the client's address"),
    Attribute("request.size", "int", _size, "of the body, declared or read whole, in bytes; fails if neither"),
    Attribute(
        "request.headers",
        "map<string, string>",
        _headers,
        "by lower-case name; several of one name are joined by commas",
        is_sensitive=True,
        read_some=_some_headers,
    ),
    Attribute(
        "request.query",
        "map<string, string>",
        _query,
        "decoded; what a condition looks at must not be there twice",
        is_sensitive=True,
        read_some=_some_query,
    ),
    Attribute(
        "request.query_lists",
        "map<string, list<string>>",
        _query_lists,
        "decoded, each with all its values",
        is_sensitive=True,
        read_some=_some_query_lists,
    ),
)
