"""What conditions may look at of a request's body: a JSON object, if every backend reads it alike."""

from typing import Any

from hotgate.identity.strict_json import parse_object
from hotgate.pipeline.exchange import Exchange
from hotgate.policies.conditions.attribute import Attribute, Unreadable

_STATE = "conditions.body"


def _body(exchange: Exchange) -> Any:
    """Read once for all conditions of the exchange, also where it cannot be."""
    found = exchange.state.get(_STATE)
    if found is None:
        found = exchange.state[_STATE] = _read(exchange)
    if isinstance(found, str):
        raise Unreadable(found)
    return found


def _read(exchange: Exchange) -> dict[str, Any] | str:
    """The object, or why there is none.

    It must be sent as JSON: `{"a": "&amount=9&b=", "amount": 1}` is an object, and a form with another amount.
    """
    if not _is_json(exchange.request.headers.get_all(b"content-type")):
        return "the body is not sent as JSON in UTF-8 (Content-Type)"
    try:
        body = parse_object(exchange.request.body or b"")
        _refuse_names_alike(body)
    except ValueError as error:
        return f"the body is no JSON object: {error}"
    return body


def _is_json(sent: list[bytes]) -> bool:
    kind, _, rest = (sent[0] if len(sent) == 1 else b"").lower().partition(b";")
    name = kind.strip()
    is_named_json = name == b"application/json" or (name.startswith(b"application/") and name.endswith(b"+json"))
    return is_named_json and rest.strip() in (b"", b"charset=utf-8", b'charset="utf-8"')


def _refuse_names_alike(body: dict[str, Any]) -> None:
    """Names that differ in case only: to Go, and to .NET as often set up, `{"amount": 1, "Amount": 900}` is 900.

    Raises ValueError.
    """
    waiting: list[Any] = [body]
    while waiting:
        container = waiting.pop()
        if isinstance(container, dict):
            if len({name.casefold() for name in container}) < len(container):
                raise ValueError("two members differ in case only")
            container = container.values()
        waiting += [each for each in container if isinstance(each, dict | list)]


def _some(names: tuple[str, ...], exchange: Exchange) -> dict[str, Any]:
    body = _body(exchange)
    return {name: body[name] for name in names if name in body}


BODY = Attribute(
    "body",
    "dyn",
    _body,
    "the request's body, a JSON object that is sent as JSON",
    is_sensitive=True,
    needs_body=True,
    read_some=_some,
)
