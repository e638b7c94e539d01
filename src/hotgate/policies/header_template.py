"""Text with placeholders, such as `{claims.email}`, compiled into a function from an exchange to a header value."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from hotgate.pipeline.exchange import Exchange

MAX_VALUE_BYTES = 4096

Fact = str | list[str] | None
Reader = Callable[[Exchange], Fact]
Template = Callable[[Exchange], bytes | None]

_PIECE = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")
_PRINCIPAL_FACTS = frozenset(
    {"subject", "provider", "mechanism", "scopes", "roles", "groups", "tier", "tenant", "client", "credential"}
)
_FORMS = (
    "{claims.NAME}, {client}, {request_id}, {params.NAME}, {route} or {principal.NAME}, NAME being "
    f"{', '.join(sorted(_PRINCIPAL_FACTS))}; write {{{{ for a brace"
)


class TemplateError(ValueError):
    """The message says where and what is possible, and never repeats the text: it may hold a secret."""


def compiled(text: str) -> bytes | Template:
    """Bytes when nothing depends on the exchange, otherwise a function. Raises TemplateError.

    The function returns None when a fact is missing or the value is too long. It never shortens: half of an identity
    could be the name of somebody else.
    """
    pieces = _pieces(text)
    if all(isinstance(piece, bytes) for piece in pieces):
        return _bounded_constant(b"".join(piece for piece in pieces if isinstance(piece, bytes)))
    if len(pieces) == 1 and not isinstance(pieces[0], bytes):
        return _single(pieces[0])
    return _joined(pieces)


def header_value(fact: str | list[str]) -> bytes:
    """A fact as a header value. Lists are joined by commas; a comma inside an element is encoded."""
    if isinstance(fact, str):
        return header_text(fact)
    return b",".join([header_text(element).replace(b",", b"%2C") for element in fact])


def header_text(text: str) -> bytes:
    """Text as a header value: printable ASCII as it is, anything else percent-encoded as UTF-8.

    `%` is encoded too, so that decoding gives back exactly the text. Blanks at the ends are, because a backend would
    strip them ("admin " must not become "admin").
    """
    if text.isascii() and text.isprintable() and "%" not in text and text.strip(" ") == text:
        return text.encode("ascii")
    return _percent_encoded(text.encode("utf-8", "surrogatepass"))


def _pieces(text: str) -> list[bytes | Reader]:
    pieces: list[bytes | Reader] = []
    literal = ""
    end = 0
    for match in _PIECE.finditer(text):
        literal += text[end : match.start()]
        end = match.end()
        if match[0] in ("{{", "}}"):
            literal += match[0][0]
        elif match[1] is None:
            raise TemplateError(f"a single brace at character {match.start() + 1}; write it twice")
        else:
            pieces += [_literal_bytes(literal), _reader(match[1], match.start() + 1)]
            literal = ""
    pieces.append(_literal_bytes(literal + text[end:]))
    return [piece for piece in pieces if piece != b""]


def _literal_bytes(text: str) -> bytes:
    """Literal text goes out as UTF-8, as written; a control character would end the field (RFC 9110 §5.5)."""
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
        raise TemplateError("a header value has no line ends or other control characters")
    return text.encode("utf-8", "replace")


def _reader(placeholder: str, position: int) -> Reader:
    root, _, name = placeholder.partition(".")
    if root == "claims" and name:
        return _claim_reader(name)
    if root == "params" and name:
        return lambda exchange: exchange.params.get(name)
    if root == "principal" and name in _PRINCIPAL_FACTS:
        return _principal_reader(name)
    if placeholder in ("client", "request_id"):
        return _attribute_reader(placeholder)
    if placeholder == "route":
        return lambda exchange: exchange.route.name
    raise TemplateError(f"an unknown placeholder at character {position}; use {_FORMS}")


def _attribute_reader(name: str) -> Reader:
    def read(exchange: Exchange) -> str | None:
        value: str = getattr(exchange, name)
        return value

    return read


def _principal_reader(name: str) -> Reader:
    def read(exchange: Exchange) -> Fact:
        principal = exchange.principal
        return None if principal is None else fact_of(getattr(principal, name))

    return read


def _claim_reader(path: str) -> Reader:
    """A claim by its whole name (`https://example.com/team`), or else by a path into objects (`address.country`)."""
    steps = path.split(".")

    def read(exchange: Exchange) -> Fact:
        principal = exchange.principal
        if principal is None:
            return None
        value: Any = principal.claims.get(path)
        if value is None and len(steps) > 1:
            value = _inner(principal.claims, steps)
        return value if isinstance(value, str) else fact_of(value)

    return read


def _inner(value: Any, steps: list[str]) -> Any:
    for step in steps:
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def fact_of(value: Any) -> Fact:
    """A verified value as text or as a list of texts, numbers and booleans as in JSON; None for null and objects."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return json.dumps(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, list | tuple) and all(isinstance(element, str | bool | int | float) for element in value):
        return [element if isinstance(element, str) else json.dumps(element) for element in value]
    return None


def _single(read: Reader) -> Template:
    def render(exchange: Exchange) -> bytes | None:
        fact = read(exchange)
        if fact is None:
            return None
        value = header_value(fact)
        return value if len(value) <= MAX_VALUE_BYTES else None

    return render


def _joined(pieces: list[bytes | Reader]) -> Template:
    def render(exchange: Exchange) -> bytes | None:
        value = b""
        for piece in pieces:
            if isinstance(piece, bytes):
                value += piece
                continue
            fact = piece(exchange)
            if fact is None:
                return None
            value += header_value(fact)
        return value if len(value) <= MAX_VALUE_BYTES else None

    return render


def _bounded_constant(value: bytes) -> bytes:
    if len(value) > MAX_VALUE_BYTES:
        raise TemplateError(f"a header value has at most {MAX_VALUE_BYTES} bytes")
    return value


def _percent_encoded(raw: bytes) -> bytes:
    return b"".join([_ENCODED[byte] for byte in raw])


_ENCODED = [bytes([byte]) if 0x21 <= byte < 0x7F and byte != 0x25 else b"%%%02X" % byte for byte in range(256)]
