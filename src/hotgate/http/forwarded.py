"""Who really called, and how the backend is told: `X-Forwarded-*` and `Forwarded` (RFC 7239).

Whatever a client writes into these fields is a claim. Only what stands behind an unbroken chain of trusted proxies,
read from the right, is believed; and only that is sent on, written anew, so that a backend that takes the leftmost
address is right as well. Which names clients may not use at all is in `reserved`.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal

from hotgate.http.reserved import FORWARDED_NAMES, is_reserved
from hotgate.http.targets import host_of

__all__ = [
    "FORWARDED_NAMES",
    "MAX_HOPS",
    "UNIX_PEER",
    "TrustedProxies",
    "client_address",
    "client_scheme",
    "forwarded_fields",
    "hops",
    "is_reserved",
]

MAX_HOPS = 32  # proxies in a row; longer chains are not read further
UNIX_PEER = "unix"  # the peer of every connection through a Unix socket, for it has no address

_CACHED_ADDRESSES = 4096
_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # RFC 9110 §5.6.2
_token = re.compile(_TOKEN).fullmatch
_pair = re.compile(rb'[ \t]*(%b)=(?:(%b)|"([^"\\]*)")[ \t]*' % (_TOKEN, _TOKEN)).fullmatch  # RFC 7239 §4
_node = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?").fullmatch  # RFC 7239 §6


class TrustedProxies:
    """The networks whose word about the client is taken, and the field in which these proxies give it.

    A proxy keeps one of the two fields and passes the other through as the client sent it, so when both arrive only
    `field` counts. UNIX_PEER among the networks stands for the peers of Unix sockets. Raises ValueError for what is
    neither that nor an address nor a network in CIDR form.
    """

    __slots__ = ("_contain", "field")

    def __init__(
        self,
        networks: Iterable[str] = (),
        field: Literal["x-forwarded-for", "forwarded"] = "x-forwarded-for",
    ) -> None:
        named = set(networks)
        parsed = tuple(ip_network(network) for network in named - {UNIX_PEER})
        self.field = field
        self._contain = lru_cache(_CACHED_ADDRESSES)(partial(_contain, parsed, UNIX_PEER in named))

    def trusts(self, address: str) -> bool:
        """Whether the address is in one of the networks; text that is no address is not."""
        return self._contain(address)


def client_address(
    peer: str, x_forwarded_for: Sequence[bytes], forwarded: Sequence[bytes], trusted: TrustedProxies
) -> str:
    """The address of the caller as text. The sequences are the values of the two fields, in the order received."""
    return hops(peer, x_forwarded_for, forwarded, trusted)[0]


def hops(
    peer: str, x_forwarded_for: Sequence[bytes], forwarded: Sequence[bytes], trusted: TrustedProxies
) -> tuple[str, ...]:
    """The believed addresses, from the caller to the peer. A hidden, malformed or untrusted hop ends the walk."""
    nearest = _parsed(peer)
    believed = [peer if nearest is None else str(nearest)]
    if trusted.trusts(peer):
        for address in _claimed(x_forwarded_for, forwarded, trusted.field):
            if address is None:
                break
            believed.append(str(address))
            if not trusted.trusts(believed[-1]):
                break
    return tuple(reversed(believed))


def client_scheme(scheme: str, x_forwarded_proto: Sequence[bytes], peer: str, trusted: TrustedProxies) -> str:
    """The scheme that a trusted peer says it was asked with; otherwise `scheme`, that of our own connection."""
    if x_forwarded_proto and trusted.trusts(peer):
        nearest = x_forwarded_proto[-1].rpartition(b",")[2].strip(b" \t").lower()
        if nearest in (b"http", b"https"):
            return nearest.decode("ascii")
    return scheme


def forwarded_fields(believed: Sequence[str], scheme: str, authority: bytes) -> bytes:
    """The encoded fields for the backend, each line ended by CRLF. `believed` is what `hops` returned.

    They are X-Forwarded-For, -Proto, -Host and Forwarded: X-Real-IP, X-Forwarded-Port and their kin say nothing more.
    An empty authority (HTTP/1.0) leaves the host out. Raises BadTarget for a malformed one.
    """
    names = [_name(address) for address in believed]
    elements = [b"for=" + _quoted(b"[%b]" % name if b":" in name else name) for name in names]
    lines = [b"x-forwarded-for: " + b", ".join(names), b"x-forwarded-proto: " + scheme.encode("ascii")]
    if authority:
        host_of(authority)
        lines.append(b"x-forwarded-host: " + authority)
        elements[-1] += b";host=" + _quoted(authority)
    elements[-1] += b";proto=" + scheme.encode("ascii")
    lines.append(b"forwarded: " + b", ".join(elements))
    return b"".join([line + b"\r\n" for line in lines])


def _contain(networks: tuple[_Network, ...], unix: bool, address: str) -> bool:
    if address == UNIX_PEER:
        return unix
    known = _parsed(address)
    return known is not None and any(known in network for network in networks)


def _parsed(text: str) -> _Address | None:
    """An address without its zone; an IPv4 one that a dual-stack socket shows as `::ffff:192.0.2.1` is IPv4 again."""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def _claimed(x_forwarded_for: Sequence[bytes], forwarded: Sequence[bytes], preferred: str) -> Iterator[_Address | None]:
    """What the fields claim, nearest hop first; None for one that is hidden or malformed."""
    if forwarded and (preferred == "forwarded" or not x_forwarded_for):
        return map(_address_in_element, _nearest_first(forwarded))
    return map(_address_in_list, _nearest_first(x_forwarded_for))


def _nearest_first(values: Sequence[bytes]) -> Iterator[bytes]:
    """The last elements of a list field. Every comma divides, even within quotes: a quoted one (in a host name, which
    the client chose) then spoils its element, and never starts one that the client wrote."""
    return reversed(b",".join(values).rsplit(b",", MAX_HOPS)[-MAX_HOPS:])


def _address_in_list(claim: bytes) -> _Address | None:
    text = claim.strip(b" \t").decode("latin-1")
    return _parsed(text) or _address_of_node(text)


def _address_in_element(element: bytes) -> _Address | None:
    """The address of `for=` in one element; None as well if anything in the element is malformed (RFC 7239 §4)."""
    parameters: dict[bytes, bytes] = {}
    for pair in element.split(b";"):
        match = _pair(pair)
        if match is None or match[1].lower() in parameters:
            return None
        parameters[match[1].lower()] = match[3] if match[2] is None else match[2]
    return _address_of_node(parameters.get(b"for", b"").decode("latin-1"))


def _address_of_node(node: str) -> _Address | None:
    """`192.0.2.1:80` or `[2001:db8::1]`; not `unknown` or an obfuscated `_name` (RFC 7239 §6)."""
    match = _node(node)
    return None if match is None else _parsed(match[1] or match[2])


def _name(address: str) -> bytes:
    """The address as sent; `unknown` (RFC 7239 §6.2) for a peer without one, such as a Unix socket."""
    known = _parsed(address)
    return b"unknown" if known is None else str(known).encode("ascii")


def _quoted(value: bytes) -> bytes:
    """A token, or a quoted string; neither addresses nor checked authorities hold anything to escape (RFC 7239 §4)."""
    return value if _token(value) else b'"%b"' % value
