"""Messages of LDAP (RFC 4511 §4) as bytes: those that we send, and what we read of the answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pyasn1_modules import rfc2251

from hotgate.identity.directories.search_filter import Condition, SearchFilter

MAX_BYTES = 512 * 1024  # of one message; an entry with thousands of groups has half of that
START_TLS = "1.3.6.1.4.1.1466.20037"  # RFC 4511 §4.14

_SEQUENCE = 0x30
_FILTERS = (rfc2251.Filter, rfc2251.Filter2, rfc2251.Filter3)  # the same choice, each one level deeper


class BadMessage(ValueError):
    """The other side does not speak LDAP, or more of it than we take."""


@dataclass(frozen=True, slots=True)
class Entry:
    """dn: as the directory writes it. attributes: by name in lower case; values that are not UTF-8 are left out."""

    dn: str
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Result:
    """The end of an operation. code: of RFC 4511 appendix A.1; 0 is success."""

    code: int


Answer = Entry | Result | None
Scope = Literal["baseObject", "wholeSubtree"]


def message_length(received: bytearray) -> int | None:
    """How long the message at the start is; None while that is not known. Raises BadMessage."""
    if len(received) < 2:
        return None
    if received[0] != _SEQUENCE:
        raise BadMessage("not an LDAP message")
    first = received[1]
    if first < 0x80:
        return 2 + first
    count = first & 0x7F
    if not 1 <= count <= 4:
        raise BadMessage("a length that nobody needs")
    if len(received) < 2 + count:
        return None
    length = 2 + count + int.from_bytes(received[2 : 2 + count], "big")
    if length > MAX_BYTES:
        raise BadMessage(f"a message of more than {MAX_BYTES} bytes")
    return length


def bind_request(number: int, dn: str, password: str) -> bytes:
    """A simple bind. Both must have something: without a password it would succeed as nobody (RFC 4513 §5.1.2)."""
    if not dn or not password:
        raise ValueError("a bind needs a name and a password")
    request = rfc2251.BindRequest()
    request["version"] = 3
    request["name"] = dn.encode()
    request["authentication"]["simple"] = password.encode()
    return _encoded(number, "bindRequest", request)


def start_tls_request(number: int) -> bytes:
    """From now on with TLS."""
    request = rfc2251.ExtendedRequest()
    request["requestName"] = START_TLS.encode()
    return _encoded(number, "extendedReq", request)


def search_request(
    number: int,
    base: str,
    scope: Scope,
    wanted: SearchFilter,
    values: Mapping[str, str],
    attributes: Sequence[str],
    most: int,
) -> bytes:
    """A search for at most so many entries."""
    request = rfc2251.SearchRequest()
    request["baseObject"] = base.encode()
    request["scope"] = scope
    request["derefAliases"] = "neverDerefAliases"
    request["sizeLimit"] = most
    request["timeLimit"] = 5
    request["typesOnly"] = False
    request["filter"] = _filter(wanted, values, 0)
    # "1.1" asks for no attribute at all (RFC 4511 §4.5.1.8).
    for attribute in attributes or ("1.1",):
        request["attributes"].append(attribute.encode())
    return _encoded(number, "searchRequest", request)


def answer(message: bytes, number: int) -> Answer:
    """What one message says to request `number`: an entry, the end, or nothing of interest. Raises BadMessage."""
    try:
        decoded, rest = decoder.decode(message, asn1Spec=rfc2251.LDAPMessage())
        if rest or int(decoded["messageID"]) != number:
            raise BadMessage("an answer to nothing that was asked")
        operation = decoded["protocolOp"]
        kind, content = operation.getName(), operation.getComponent()
        if kind == "searchResEntry":
            return _entry(content)
        if kind in ("bindResponse", "searchResDone", "extendedResp"):
            return Result(int(content["resultCode"]))
    except (PyAsn1Error, UnicodeDecodeError, RecursionError) as error:
        raise BadMessage("not an LDAP message") from error
    return None


def _entry(content: rfc2251.SearchResultEntry) -> Entry:
    attributes: dict[str, list[str]] = {}
    for each in content["attributes"]:
        values = attributes.setdefault(bytes(each["type"]).decode("ascii").lower(), [])
        for value in each["vals"]:
            try:
                values.append(bytes(value).decode("utf-8"))
            except UnicodeDecodeError:
                continue  # a photograph, say
    return Entry(bytes(content["objectName"]).decode("utf-8"), attributes)


def _filter(wanted: SearchFilter, values: Mapping[str, str], depth: int) -> rfc2251.Filter:
    made = _FILTERS[depth]()
    if isinstance(wanted, Condition):
        if wanted.value is None:
            made["present"] = wanted.attribute.encode()
        else:
            made["equalityMatch"]["attributeDesc"] = wanted.attribute.encode()
            made["equalityMatch"]["assertionValue"] = wanted.filled(values)
    elif wanted.kind == "not":
        made["not"] = _filter(wanted.parts[0], values, depth + 1)
    else:
        for part in wanted.parts:
            made[wanted.kind].append(_filter(part, values, depth + 1))
    return made


def _encoded(number: int, kind: str, content: object) -> bytes:
    message = rfc2251.LDAPMessage()
    message["messageID"] = number
    message["protocolOp"][kind] = content
    return bytes(encoder.encode(message))
