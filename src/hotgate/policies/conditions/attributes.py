"""What conditions may look at: every attribute, its CEL type, and how it is read from an exchange."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from hotgate.identity.principal import Principal
from hotgate.identity.strict_json import parse_object
from hotgate.pipeline.exchange import Exchange
from hotgate.routing.conditions import query_parameters

Read = Callable[[Exchange], Any]

_BODY = "conditions.body"


class Unreadable(ValueError):
    """An attribute has no one value in this request. The text says why, and nothing of the value."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """kind: a CEL type, as `list<string>`. read: gives it, or raises Unreadable. needs_body: of the request, whole.

    is_sensitive: what it holds may be a credential or personal; explanations and logs mask it.
    """

    name: str
    kind: str
    read: Read
    description: str
    is_sensitive: bool = False
    needs_body: bool = False


def attributes_of(parameters: Iterable[str], metadata: Mapping[str, str], *, has_body: bool) -> dict[str, Attribute]:
    """Every attribute that a route's conditions may use, by name."""
    found = [*ATTRIBUTES, Attribute("route.metadata", "map<string, string>", lambda _: metadata, "`metadata` of it")]
    found += [Attribute(f"path.{name}", "string", partial(_parameter, name), "a path parameter") for name in parameters]
    if has_body:
        found.append(BODY)
    return {each.name: each for each in found}


def _parameter(name: str, exchange: Exchange) -> str:
    return exchange.params[name]


def _of_principal(read: Callable[[Principal], Any], missing: Any) -> Read:
    """Nobody is authenticated on a public route: then every attribute is empty, as those a caller lacks are."""

    def value(exchange: Exchange) -> Any:
        principal = exchange.principal
        return missing if principal is None else read(principal)

    return value


def _text(name: str, description: str) -> Attribute:
    read = _of_principal(lambda principal: getattr(principal, name) or "", "")
    return Attribute(f"principal.{name}", "string", read, description)


def _names(name: str, description: str) -> Attribute:
    read = _of_principal(lambda principal: list(getattr(principal, name)), [])
    return Attribute(f"principal.{name}", "list<string>", read, description)


def _headers(exchange: Exchange) -> dict[str, str]:
    """Several fields of one name are one value, joined by commas (RFC 9110 §5.3): a second cannot hide the first."""
    joined: dict[str, str] = {}
    for name, value in exchange.request.headers:
        key, text = name.decode("latin-1"), value.decode("latin-1")
        joined[key] = f"{joined[key]}, {text}" if key in joined else text
    return joined


def _query(exchange: Exchange) -> dict[str, str]:
    """Servers disagree on which of two equal names counts, so there is no saying what the backend will read."""
    parameters = query_parameters(exchange.request.query)
    if exchange.request.query and not parameters:
        raise Unreadable("the query cannot be read")
    if any(len(values) > 1 for values in parameters.values()):
        raise Unreadable("a query parameter is there twice; `request.query_lists` shows them all")
    return {name: values[0] for name, values in parameters.items()}


def _query_lists(exchange: Exchange) -> Mapping[str, list[str]]:
    parameters = query_parameters(exchange.request.query)
    if exchange.request.query and not parameters:
        raise Unreadable("the query cannot be read")
    return parameters


def _body(exchange: Exchange) -> Any:
    """The JSON object, read once for all conditions of the exchange."""
    if _BODY not in exchange.state:
        try:
            exchange.state[_BODY] = parse_object(exchange.request.body or b"")
        except ValueError as error:
            raise Unreadable(f"the body is no JSON object: {error}") from None
    return exchange.state[_BODY]


def _thumbprint(exchange: Exchange) -> str:
    return "" if exchange.certificate is None else exchange.certificate.thumbprint


ATTRIBUTES = (
    _text("subject", "the caller's stable name"),
    _text("provider", "the entry of `identity` that recognised the caller"),
    _text("mechanism", "its kind, as `jwt`"),
    _text("tier", 'the caller\'s tier, or ""'),
    _text("tenant", 'the caller\'s tenant, or ""'),
    _text("client", 'the application that calls for the caller, or ""'),
    _text("credential", 'the name of the proof (a key\'s id, `jti`), or ""'),
    _names("scopes", "the caller's scopes"),
    _names("roles", "the caller's roles, as the credential or the consumer says"),
    _names("groups", "the caller's groups"),
    Attribute(
        "principal.is_anonymous",
        "bool",
        _of_principal(lambda principal: principal.is_anonymous, True),
        "nobody is known to call",
    ),
    Attribute(
        "claims",
        "map<string, dyn>",
        _of_principal(lambda principal: principal.claims, {}),
        "the verified claims of the caller, of any JSON type",
        is_sensitive=True,
    ),
    Attribute("request.method", "string", lambda exchange: exchange.request.method, "upper case"),
    Attribute("request.path", "string", lambda exchange: exchange.request.path, "canonical, percent-encoded"),
    Attribute("request.host", "string", lambda exchange: exchange.request.host, "lower case, without port"),
    Attribute("request.scheme", "string", lambda exchange: exchange.request.scheme, "`http` or `https`"),
    Attribute("request.client", "string", lambda exchange: exchange.client, "the client's address"),
    Attribute("request.size", "int", lambda exchange: exchange.request.content_length or 0, "declared, in bytes"),
    Attribute("request.headers", "map<string, string>", _headers, "by lower-case name", is_sensitive=True),
    Attribute("request.query", "map<string, string>", _query, "decoded; none may be there twice", is_sensitive=True),
    Attribute("request.query_lists", "map<string, list<string>>", _query_lists, "decoded, all", is_sensitive=True),
    Attribute("tls.thumbprint", "string", _thumbprint, 'of the client\'s certificate (`x5t#S256`), or ""'),
    Attribute("route.name", "string", lambda exchange: exchange.route.name, "the route's name"),
    Attribute("now", "timestamp", lambda exchange: exchange.now, "the time of the request"),
)
BODY = Attribute("body", "dyn", _body, "the request's body, a JSON object", is_sensitive=True, needs_body=True)
