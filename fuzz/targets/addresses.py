"""Targets, hosts and forwarding fields: one spelling, which means what the one that was sent means to everybody."""

import h11

from fuzz.readings import Disagreement
from fuzz.reference import meaning_of_target
from hotgate.http.forwarded import TrustedProxies, forwarded_fields, hops
from hotgate.http.targets import BadTarget, canonical, host_of, split_absolute

_TRUSTED = [
    TrustedProxies(["127.0.0.0/8", "10.0.0.0/8", "::1/128"], field) for field in ("x-forwarded-for", "forwarded")
]


def check(data: bytes) -> None:
    """Lines: a target, an authority, values of forwarding fields. Raises Disagreement."""
    target, authority, *values = [*data.split(b"\n"), b""]
    for keeps_slashes in (False, True):
        _check_target(target, keeps_slashes)
    _check_absolute(target)
    _check_authority(authority)
    for trusted in _TRUSTED:
        _check_forwarding(authority, values, trusted)


def _check_target(target: bytes, keeps_slashes: bool) -> None:
    try:
        path, query = canonical(target, keep_encoded_slashes=keeps_slashes)
    except BadTarget:
        return
    written = path.encode("ascii") + (b"?" + query if query else b"")
    if canonical(written, keep_encoded_slashes=keeps_slashes) != (path, query):
        raise Disagreement(f"the canonical form of {target!r} is not its own: {written!r}")
    if meaning_of_target(written) != meaning_of_target(target):
        raise Disagreement(f"{target!r} became {written!r}")
    segments = path.split("/")[1:]
    if {".", ".."} & set(segments) or "" in segments[:-1]:
        raise Disagreement(f"{path!r} is not one plain path")
    _check_line(written)


def _check_line(target: bytes) -> None:
    """h11 reads the same target in a request line."""
    server = h11.Connection(h11.SERVER)
    server.receive_data(b"GET %b HTTP/1.1\r\nhost: a\r\n\r\n" % target)
    event = server.next_event()
    if not isinstance(event, h11.Request) or event.target != target:
        raise Disagreement(f"h11 reads {event} in a line with {target!r}")


def _check_absolute(target: bytes) -> None:
    try:
        _, authority, origin = split_absolute(target)
    except BadTarget:
        return
    if target.partition(b"://")[2] not in (authority + origin, authority, authority + origin[1:]):
        raise Disagreement(f"{target!r} became {authority!r} and {origin!r}")


def _check_authority(authority: bytes) -> None:
    try:
        host = host_of(authority)
    except BadTarget:
        return
    if host_of(host.encode("ascii")) != host:
        raise Disagreement(f"the canonical form of {authority!r} is not its own: {host!r}")
    if set(host) - set("abcdefghijklmnopqrstuvwxyz0123456789.-_[]:"):
        raise Disagreement(f"{authority!r} became {host!r}")


def _check_forwarding(authority: bytes, values: list[bytes], trusted: TrustedProxies) -> None:
    half = len(values) // 2
    believed = hops("127.0.0.1", values[:half], values[half:], trusted)
    if believed[-1] != "127.0.0.1" or not all(trusted.trusts(hop) for hop in believed[1:]):
        raise Disagreement(f"a stranger's word was believed: {believed}")
    try:
        block = forwarded_fields(believed, "http", authority)
    except BadTarget:
        return
    lines = block.split(b"\r\n")
    if (
        lines.pop() != b""
        or len(lines) != (4 if authority else 3)
        or any(b"\n" in each or b"\r" in each for each in lines)
    ):
        raise Disagreement(f"fields that break their lines: {block!r}")
    if lines[0] != b"x-forwarded-for: " + ", ".join(believed).encode("ascii"):
        raise Disagreement(f"{believed} became {lines[0]!r}")
