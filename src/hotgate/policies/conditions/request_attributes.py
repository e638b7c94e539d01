"""What conditions may look at of a request. What two servers could read differently is not read at all."""

from collections.abc import Mapping
from typing import Any

from hotgate.identity.strict_json import parse_object
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.conditions.attribute import Attribute, Unreadable
from hotgate.routing.conditions import query_parameters

_BODY = "conditions.body"


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
    """A chunked body that is not read yet has no size: as 0 it would be the cheapest, and pass every bound."""
    request = exchange.request
    if request.is_chunked and request.body is None:
        raise Unreadable("the size of a chunked body is not known before it is read")
    return request.content_length or len(request.body or b"")


def _body(exchange: Exchange) -> Any:
    """The JSON object, read once for all conditions of the exchange.

    It must be sent as JSON: `{"a": "&amount=9&b=", "amount": 1}` is an object, and a form with another amount.
    """
    if _BODY not in exchange.state:
        if not _is_json(exchange.request.headers.get_all(b"content-type")):
            raise Unreadable("the body is not sent as JSON in UTF-8 (Content-Type)")
        try:
            exchange.state[_BODY] = parse_object(exchange.request.body or b"")
        except ValueError as error:
            raise Unreadable(f"the body is no JSON object: {error}") from None
    return exchange.state[_BODY]


def _is_json(sent: list[bytes]) -> bool:
    kind, _, rest = (sent[0] if len(sent) == 1 else b"").lower().partition(b";")
    name = kind.strip()
    is_named_json = name == b"application/json" or (name.startswith(b"application/") and name.endswith(b"+json"))
    return is_named_json and rest.strip() in (b"", b"charset=utf-8", b'charset="utf-8"')


def _some_of_body(names: tuple[str, ...], exchange: Exchange) -> dict[str, Any]:
    body = _body(exchange)
    return {name: body[name] for name in names if name in body}


REQUEST_ATTRIBUTES = (
    Attribute("request.method", "string", lambda exchange: exchange.request.method, "upper case"),
    Attribute("request.path", "string", lambda exchange: exchange.request.path, "canonical, percent-encoded"),
    Attribute("request.host", "string", lambda exchange: exchange.request.host, "lower case, without port"),
    Attribute("request.scheme", "string", lambda exchange: exchange.request.scheme, "`http` or `https`"),
    Attribute("request.client", "string", lambda exchange: exchange.client, "the client's address"),
    Attribute("request.size", "int", _size, "of the body, in bytes: as declared, or of the whole body once it is read"),
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
BODY = Attribute(
    "body",
    "dyn",
    _body,
    "the request's body, a JSON object that is sent as JSON",
    is_sensitive=True,
    needs_body=True,
    read_some=_some_of_body,
)
