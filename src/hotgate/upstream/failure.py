"""What can go wrong on the way to a backend, told apart by kind."""

import errno
from dataclasses import dataclass

_OURS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM, errno.EADDRNOTAVAIL})


@dataclass(frozen=True, slots=True)
class UpstreamFailure:
    """kind: the stable problem code. status: what the client gets. detail: safe to show; log_detail: not.

    target: the name of the target that failed, "" if none can be blamed. error_class: what `retries.on` may name:
    CONNECT (no connection), RESET (closed before an answer), TIMEOUT, or "" for others. nothing_left: no byte of the
    request has.
    """

    kind: str
    status: int
    detail: str
    log_detail: str = ""
    target: str = ""
    error_class: str = ""
    nothing_left: bool = False


CONNECT, RESET, TIMEOUT = "connect", "reset", "timeout"
INVALID_ANSWER = "upstream-invalid-answer"  # a kind


def refused(target: str, reason: str) -> UpstreamFailure:
    """No connection could be made."""
    return UpstreamFailure(
        "upstream-connect-failed",
        502,
        "The backend could not be reached.",
        f"{target}: {reason}",
        target,
        CONNECT,
        nothing_left=True,
    )


def connect_timeout(target: str, seconds: float) -> UpstreamFailure:
    """No connection within `timeouts.connect`."""
    return UpstreamFailure(
        "upstream-connect-timeout",
        504,
        "The backend did not accept a connection in time.",
        f"{target}: no connection within {seconds:g} s",
        target,
        CONNECT,
        nothing_left=True,
    )


def tls_failed(target: str, reason: str) -> UpstreamFailure:
    """There is a connection, but not to whom it should be, or not by a version or cipher that both accept."""
    return UpstreamFailure(
        "upstream-tls-failed",
        502,
        "No secure connection to the backend could be made.",
        f"{target}: {reason}",
        target,
        CONNECT,
        nothing_left=True,
    )


def busy(target: str) -> UpstreamFailure:
    """Every connection is in use and the queue is full or the wait was too long."""
    return UpstreamFailure(
        "upstream-busy",
        503,
        "Too many requests are waiting for the backend.",
        f"{target}: max_connections reached",
    )


def too_many_uploads(upstream: str) -> UpstreamFailure:
    """So many connections wait for bodies of their clients that one more would leave too few for others."""
    return UpstreamFailure(
        "upstream-busy",
        503,
        "Too many requests are being sent to the backend.",
        f"{upstream}: half of max_connections wait for the rest of a request",
    )


def short_of(target: str, what: str) -> UpstreamFailure:
    """This machine lacks what a connection needs (see `is_ours`): not the backend's fault."""
    return UpstreamFailure("gateway-overloaded", 503, "The gateway has too much to do.", f"{target}: {what}")


def unavailable(upstream: str) -> UpstreamFailure:
    """Every target is out of service, and panic is switched off."""
    return UpstreamFailure(
        "upstream-unavailable",
        503,
        "No backend is available at the moment.",
        f"{upstream}: every target is out of service",
    )


def unresolved(upstream: str) -> UpstreamFailure:
    """The name of no target has an address yet."""
    return UpstreamFailure(
        "upstream-name-unresolved",
        502,
        "The backend's name could not be resolved.",
        f"{upstream}: the name of no target has an address",
    )


def closed_before_answer(target: str, *, reused: bool, unsent: bool) -> UpstreamFailure:
    """The connection ended before the first byte of an answer; on a reused one it was probably dead already.

    unsent: the request was still waiting to be written.
    """
    return UpstreamFailure(
        "upstream-closed",
        502,
        "The backend closed the connection before it answered.",
        f"{target}: closed before the answer{' on a reused connection' if reused else ''}",
        target,
        RESET,
        nothing_left=unsent,
    )


def cut_short(target: str) -> UpstreamFailure:
    """The answer ended before its declared end."""
    return UpstreamFailure(
        "upstream-cut-short", 502, "The backend's answer was cut short.", f"{target}: closed in the middle of an answer"
    )


def invalid_answer(target: str, reason: str) -> UpstreamFailure:
    """The answer is not HTTP/1.1, or breaks a rule that keeps messages apart."""
    return UpstreamFailure(INVALID_ANSWER, 502, "The backend's answer was not valid HTTP.", f"{target}: {reason}")


def head_timeout(target: str, seconds: float) -> UpstreamFailure:
    """The head of the answer did not come within `timeouts.head`."""
    return UpstreamFailure(
        "upstream-timeout",
        504,
        "The backend did not answer in time.",
        f"{target}: no answer within {seconds:g} s",
        target,
        TIMEOUT,
    )


def read_timeout(target: str, seconds: float) -> UpstreamFailure:
    """The answer stalled for `timeouts.read`."""
    return UpstreamFailure(
        "upstream-stalled", 504, "The backend's answer stalled.", f"{target}: nothing received for {seconds:g} s"
    )


def total_timeout(target: str, seconds: float) -> UpstreamFailure:
    """The exchange took longer than `timeouts.total`."""
    return UpstreamFailure(
        "upstream-timeout", 504, "The backend did not finish in time.", f"{target}: not finished within {seconds:g} s"
    )


def is_ours(error: OSError) -> bool:
    """Whether this machine is short of something (descriptors, memory, ports), which says nothing about a backend."""
    return error.errno in _OURS
