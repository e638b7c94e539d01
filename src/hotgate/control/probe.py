"""One active check of one target: does it accept a connection, and answer as it should? The schedule is in `health`.

It reads as little as it must, and believes nothing: an answer's body is never read, redirects are not followed.
"""

import asyncio
import contextlib
import os
import re
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from hotgate.config.addresses import TargetUrl
from hotgate.config.resilience import Health
from hotgate.config.status_range import all_statuses
from hotgate.upstream.client_tls import UnknownKey
from hotgate.upstream.dial import Dialer
from hotgate.upstream.failure import is_ours

_MOST_HEAD = 16 * 1024  # bytes of an answer's head
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [\t\x20-\x7e\x80-\xff]*)?\r\n")  # RFC 9112 §4


class ProbeFailed(Exception):
    """The target is not well; the message is fit for the log and the admin API."""


class ProbeImpossible(Exception):
    """This machine could not ask, which says nothing about the target."""


@dataclass(frozen=True, slots=True)
class Check:
    """upstream, target: names, as in metrics. dialer: the way to the target; it does not count when two are compared.

    header: sent first on each connection (PROXY protocol).
    """

    upstream: str
    target: str
    url: TargetUrl
    settings: Health
    dialer: Dialer = field(compare=False)
    header: bytes = b""


async def probe(check: Check, addresses: Sequence[str]) -> None:
    """Return if the target is well. Raises ProbeFailed or ProbeImpossible, within the settings' `timeout`."""
    if not addresses:
        raise ProbeFailed("its name has no address")
    timeout = check.settings.timeout
    try:
        async with asyncio.timeout(timeout):
            await _probe(check, addresses)
    except TimeoutError:
        raise ProbeFailed(f"no answer within {timeout:g} s") from None
    except OSError as error:
        raise (ProbeImpossible if is_ours(error) else ProbeFailed)(_reason(error)) from None
    except asyncio.IncompleteReadError:
        raise ProbeFailed("it closed the connection before it answered") from None
    except asyncio.LimitOverrunError:
        raise ProbeFailed(f"the head of its answer has more than {_MOST_HEAD} bytes") from None


async def _probe(check: Check, addresses: Sequence[str]) -> None:
    reader, writer = await _connected(check, addresses)
    try:
        if not check.settings.tcp:
            writer.write(_request(check))
            _judge(check.settings, await reader.readuntil(b"\r\n\r\n"))
    finally:
        writer.transport.abort()  # no goodbye: nobody waits for a slow backend's last words
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await writer.wait_closed()


async def _connected(check: Check, addresses: Sequence[str]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    dialer = replace(check.dialer, port=check.settings.port) if check.settings.port else check.dialer
    reader = asyncio.StreamReader(limit=_MOST_HEAD)
    protocol = await dialer.connect(addresses, lambda: _Stream(reader), check.header)
    return reader, asyncio.StreamWriter(protocol.transport, protocol, reader, asyncio.get_running_loop())


class _Stream(asyncio.StreamReaderProtocol):
    """As asyncio's, whose transport is private."""

    transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but ancestry
        super().connection_made(transport)


def _request(check: Check) -> bytes:
    settings = check.settings
    host = settings.host or check.url.authority
    return (
        f"{settings.method} {settings.path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: hotgate-health\r\n"
        "Accept: */*\r\nConnection: close\r\n\r\n"
    ).encode("ascii")


def _judge(settings: Health, head: bytes) -> None:
    match = _STATUS_LINE.match(head)
    if match is None:
        raise ProbeFailed("its answer is not HTTP/1")
    if int(match[1]) not in all_statuses(settings.expect):
        raise ProbeFailed(f"status {int(match[1])}")


def _reason(error: OSError) -> str:
    """What went wrong, without addresses."""
    if isinstance(error, UnknownKey):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"certificate: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or type(error).__name__}"
    return os.strerror(error.errno) if error.errno else type(error).__name__
