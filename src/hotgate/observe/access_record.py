"""What the access log says about a request: the record that the edge makes, and the line that it becomes."""

import time
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from json.encoder import encode_basestring_ascii as quoted
from typing import Protocol

from hotgate.observe.redaction import without_credentials, without_tokens
from hotgate.observe.sink import ATOMIC_PIPE_BYTES


class Caller(Protocol):
    """What is logged of a `Principal`. client: the application; credential: a public name of the proof."""

    subject: str
    provider: str
    mechanism: str
    client: str | None
    credential: str | None


AccessRecord = tuple[
    float,  # started: monotonic seconds
    float,  # duration: seconds
    float,  # upstream_duration: seconds to the head of its answer; negative when no upstream was asked
    int,  # status
    int,  # bytes_in: body bytes from the client
    int,  # bytes_out: body bytes to the client
    bytes,  # user_agent: as received, b"" when missing
    str,  # request_id
    str,  # trace_id
    str,  # client: address
    str,  # method
    str,  # host
    str,  # path: canonical; never the query, which is where secrets travel
    str,  # version of HTTP: "1.1"
    str,  # route
    str,  # upstream
    str,  # code: the problem code of an answer of the gateway itself
    Caller | None,  # who was authenticated
    str,  # detail: the log detail of a refusal
    int,  # attempts: how often the request was sent to a backend
]
"""The order of a record; unknown texts are "". A plain tuple: a NamedTuple takes three times as long to make."""

MAX_LINE_BYTES = ATOMIC_PIPE_BYTES  # workers that share a pipe never tear each other's lines
MAX_USER_AGENT_BYTES = 256

_CUTS = (1024, 256, 64, 16)  # the last one always fits: 17 texts of 16 characters, at most 12 bytes each


def lines_of(records: Sequence[AccessRecord], wall_offset: float) -> bytes:
    """The records as lines of JSON in ASCII; what there is nothing to say about is left out.

    `wall_offset` turns monotonic seconds into seconds since 1970. ASCII JSON strings cannot hold a line end, so no byte
    that a client sends can start a line of its own.
    """
    lines = [_line(record, wall_offset, quoted) for record in records]
    if any("\\" in line for line in lines):  # one character is sought faster than three, and it is rare
        lines = [_well_formed(line, record, wall_offset) for line, record in zip(lines, records, strict=True)]
    if max(map(len, lines)) > MAX_LINE_BYTES:
        lines = [_fitting(line, record, wall_offset) for line, record in zip(lines, records, strict=True)]
    text = "".join(lines)
    return (without_credentials(text) if "earer" in text else without_tokens(text)).encode("ascii")


def _line(record: AccessRecord, wall_offset: float, quote: Callable[[str], str]) -> str:
    # fmt: off
    (
        started, duration, upstream_duration, status, bytes_in, bytes_out, user_agent, request_id, trace_id, client,
        method, host, path, http, route, upstream, code, caller, detail, attempts,
    ) = record
    # fmt: on
    moment = started + wall_offset
    second = int(moment)
    rest = f',"upstream":{quote(upstream)}' if upstream else ""
    if attempts > 1:
        rest += f',"attempts":{attempts}'
    if upstream_duration >= 0:
        rest += f',"upstream_ms":{upstream_duration * 1000:.3f}'
    if caller is not None:
        rest += _told_of(caller, quote)
    if user_agent:
        rest += f',"user_agent":{quote(user_agent[:MAX_USER_AGENT_BYTES].decode("utf-8", "replace"))}'
    if code:
        rest += f',"code":{quote(code)}'
        if detail:
            rest += f',"log_detail":{quote(detail)}'
    return (
        f'{{"time":"{_date_and_time(second)}.{int((moment - second) * 1000):03d}Z","status":{status},'
        f'"method":{quote(method)},"host":{quote(host)},"path":{quote(path)},"http":{quote(http)},'
        f'"route":{quote(route)},"duration_ms":{duration * 1000:.3f},"bytes_in":{bytes_in},"bytes_out":{bytes_out},'
        f'"client":{quote(client)},"request_id":{quote(request_id)},"trace_id":{quote(trace_id)}{rest}}}\n'
    )


def _told_of(caller: Caller, quote: Callable[[str], str]) -> str:
    text = f',"subject":{quote(caller.subject)},"provider":{quote(caller.provider)}'
    text += f',"mechanism":{quote(caller.mechanism)}'
    if caller.credential:
        text += f',"credential":{quote(caller.credential)}'
    if caller.client:
        text += f',"application":{quote(caller.client)}'
    return text


@lru_cache(maxsize=4)
def _date_and_time(second: int) -> str:
    """RFC 3339 without fraction and zone; asked for the same second thousands of times."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))


def _well_formed(line: str, record: AccessRecord, wall_offset: float) -> str:
    return _line(record, wall_offset, _quoted_well_formed) if "\\ud" in line else line


def _quoted_well_formed(text: str) -> str:
    """A claim may hold half of a surrogate pair ("\\ud800"): valid for Python, refused by most readers of JSON."""
    return quoted(text.encode("utf-8", "replace").decode())


def _fitting(line: str, record: AccessRecord, wall_offset: float) -> str:
    """The line, or the longest of a few shorter ones that fits."""
    for cut in _CUTS:
        if len(line) <= MAX_LINE_BYTES:
            break
        line = _line(record, wall_offset, partial(_quoted_cut, cut))
    return line


def _quoted_cut(length: int, text: str) -> str:
    return _quoted_well_formed(text if len(text) <= length else text[:length] + "…")
