"""One covered component: its identifier, checked once, and how its value is found in a message (RFC 9421 §2)."""

import re
from base64 import b64encode
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import unquote_to_bytes

from hotgate.http.structured_fields import parse_dictionary, parse_item, parse_list
from hotgate.http.structured_values import (
    InvalidField,
    Item,
    Parameters,
    write_bare,
    write_dictionary,
    write_list,
    write_member,
    write_parameters,
)
from hotgate.identity.signatures.signed_message import SignedMessage

Value = Callable[[SignedMessage], bytes]
T = TypeVar("T")

_FIELD_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9a-z]+")  # RFC 9421 §2.1: in lower case
_FLAGS = ("sf", "bs", "tr", "req")
_NOT_FORM_SAFE = re.compile(rb"[^A-Za-z0-9*\-._]")  # application/x-www-form-urlencoded percent-encode set
# Which kind of structured field a field is: `sf` may only be asked for where that is known (RFC 9421 §2.1.1).
_KINDS = {
    **dict.fromkeys(("accept", "accept-encoding", "accept-language", "cache-status", "proxy-status"), "list"),
    **dict.fromkeys(
        ("cache-control", "content-digest", "repr-digest", "want-content-digest", "priority"), "dictionary"
    ),
    **dict.fromkeys(("signature", "signature-input", "accept-signature"), "dictionary"),
    **dict.fromkeys(("content-type", "content-length", "idempotency-key", "client-cert"), "item"),
}


class InvalidComponent(ValueError):
    """An identifier that means nothing, or whose value the message does not have. The text is safe to log."""


class Component:
    """identifier: as the signature base writes it (RFC 9421 §2.5). key: equal for all spellings of one identifier."""

    __slots__ = ("identifier", "key", "name", "value")

    def __init__(self, item: Item) -> None:
        """Raises InvalidComponent."""
        name = item.value
        if type(name) is not str:
            raise InvalidComponent("a component whose name is no string")
        self.name = name
        self.key = (name, frozenset(item.parameters.items()))
        self.identifier = write_bare(name) + write_parameters(item.parameters)
        self.value: Value = _of_request(_value(name, item.parameters), item.parameters)


def _value(name: str, parameters: Parameters) -> Value:
    if name.startswith("@"):
        return _derived(name, {key: value for key, value in parameters.items() if key != "req"})
    if not _FIELD_NAME.fullmatch(name):
        raise InvalidComponent("a component that is no field name in lower case")
    return _field(name, parameters)


def _of_request(value: Value, parameters: Parameters) -> Value:
    """`;req`: of the request that is answered, so it means something in a response only (RFC 9421 §2.4)."""
    if "req" not in parameters:
        return value
    if parameters["req"] is not True:
        raise InvalidComponent("a flag with a value")

    def of_request(message: SignedMessage) -> bytes:
        if message.request is None:
            raise InvalidComponent("a component of a request in the signature of none that answers it")
        return value(message.request)

    return of_request


def _derived(name: str, parameters: Parameters) -> Value:
    if name == "@query-param":
        wanted = parameters.get("name")
        if len(parameters) != 1 or type(wanted) is not str:
            raise InvalidComponent("@query-param needs a name and nothing else")
        return _query_parameter(wanted.encode("ascii"))
    if name not in _DERIVED or parameters:
        raise InvalidComponent("a derived component that is not known, or a parameter that it does not take")
    return _DERIVED[name]


def _in_request(value: Value) -> Value:
    def checked(message: SignedMessage) -> bytes:
        if message.status:
            raise InvalidComponent("a component of requests in a response")
        return value(message)

    return checked


def _status(message: SignedMessage) -> bytes:
    if not message.status:
        raise InvalidComponent("@status in a request")
    return b"%d" % message.status


def _target_uri(message: SignedMessage) -> bytes:
    return b"%b://%b%b" % (message.scheme.encode("ascii"), message.authority, message.origin_form)


def _path(message: SignedMessage) -> bytes:
    return message.origin_form.partition(b"?")[0]


def _query(message: SignedMessage) -> bytes:
    return b"?" + message.origin_form.partition(b"?")[2]


_DERIVED: dict[str, Value] = {
    "@method": _in_request(lambda message: message.method.encode("ascii")),
    "@target-uri": _in_request(_target_uri),
    "@authority": _in_request(lambda message: message.authority),
    "@scheme": _in_request(lambda message: message.scheme.encode("ascii")),
    "@request-target": _in_request(lambda message: message.target),
    "@path": _in_request(_path),
    "@query": _in_request(_query),
    "@status": _status,
}


def _query_parameter(wanted: bytes) -> Value:
    def value(message: SignedMessage) -> bytes:
        pairs = [part.partition(b"=") for part in _query(message)[1:].split(b"&") if part]
        values = [_form_encoded(value) for name, _, value in pairs if _form_encoded(name) == wanted]
        if len(values) != 1:
            raise InvalidComponent("a parameter of the query that is missing, or there more than once")
        return values[0]

    return _in_request(value)


def _form_encoded(text: bytes) -> bytes:
    """One spelling of all that decode to the same text (RFC 9421 §2.2.8)."""
    decoded = unquote_to_bytes(text.replace(b"+", b" "))
    return _NOT_FORM_SAFE.sub(lambda match: b"%%%02X" % ord(match[0]), decoded)


def _field(name: str, parameters: Parameters) -> Value:
    flags = {key for key in parameters if key in _FLAGS}
    key = parameters.get("key")
    if any(parameters[flag] is not True for flag in flags) or set(parameters) - flags - {"key"}:
        raise InvalidComponent("a parameter that is not known, or a flag with a value")
    if "key" in parameters and type(key) is not str:
        raise InvalidComponent("a key that is no string")
    if "bs" in flags and ("sf" in flags or key is not None):
        raise InvalidComponent("`bs` together with `sf` or `key`")  # RFC 9421 §2.1
    field_name, in_trailers = name.encode("ascii"), "tr" in flags
    combined = _combined(key, name, is_binary="bs" in flags, is_structured="sf" in flags)

    def value(message: SignedMessage) -> bytes:
        fields = message.trailers if in_trailers else message.fields
        values = [value for found, value in fields if found == field_name]
        if not values:
            raise InvalidComponent(f"the field {name} is covered, and not there")
        return combined(values)

    return value


def _combined(key: object, name: str, *, is_binary: bool, is_structured: bool) -> Callable[[list[bytes]], bytes]:
    if is_binary:
        return lambda values: b", ".join([b":%b:" % b64encode(value) for value in values])
    if isinstance(key, str):
        return lambda values: _member_of(b", ".join(values), key)
    if is_structured:
        if name not in _KINDS:
            raise InvalidComponent("`sf` of a field whose structure is not known here")
        return lambda values: _rewritten(b", ".join(values), _KINDS[name])
    return lambda values: values[0] if len(values) == 1 else b", ".join(values)


def _member_of(value: bytes, key: str) -> bytes:
    member = _parsed(lambda: parse_dictionary(value)).get(key)
    if member is None:
        raise InvalidComponent("a member of a dictionary that is not there")
    return write_member(member)


def _rewritten(value: bytes, kind: str) -> bytes:
    if kind == "dictionary":
        return write_dictionary(_parsed(lambda: parse_dictionary(value)))
    if kind == "list":
        return write_list(_parsed(lambda: parse_list(value)))
    return write_member(_parsed(lambda: parse_item(value)))


def _parsed(parse: Callable[[], T]) -> T:
    try:
        return parse()
    except InvalidField as error:
        raise InvalidComponent(f"a covered field that is no structured one: {error}") from None
