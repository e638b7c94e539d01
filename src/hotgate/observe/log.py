"""Hotgate's own log on standard error: what operators read when something is wrong. Never per request.

Modules log to `logging.getLogger("hotgate.…")`; a security event is a record of `hotgate.security` with facts.
"""

import json
import logging
import time
from collections.abc import Mapping
from typing import Any, Literal

from hotgate.observe.chunk_writer import ChunkWriter
from hotgate.observe.event_throttle import EventThrottle
from hotgate.observe.redaction import without_credentials
from hotgate.observe.sink import Sink

_CLOSE_SECONDS = 2.0
_MAX_TEXT = 2000
_security = logging.getLogger("hotgate.security")


def security_event(kind: str, **facts: Any) -> None:
    """Tell operators about something that may be an attack or a failed protection.

    kind: a fixed name such as "policy-failed". facts: JSON types, never a secret. A flood of one kind is thinned out,
    and the next event that passes says how many were suppressed.
    """
    _security.warning(kind, extra={"facts": {"kind": kind, **facts}})


def configure(style: Literal["console", "json"], sink: Sink, *, level: int = logging.INFO) -> logging.Handler:
    """Send the log of `hotgate` to `sink` as JSON lines or as readable text. Call once per process.

    A thread writes: no log line ever blocks the event loop. The handler is closed when the interpreter ends.
    """
    handler = _SinkHandler(sink)
    handler.setFormatter(_JsonFormatter() if style == "json" else _ConsoleFormatter())
    logger = logging.getLogger("hotgate")
    logger.handlers[:] = [handler]
    logger.setLevel(level)
    logger.propagate = False
    _security.filters[:] = [EventThrottle()]
    return handler


class _SinkHandler(logging.Handler):
    def __init__(self, sink: Sink) -> None:
        super().__init__()
        self._writer = ChunkWriter(sink)

    def emit(self, record: logging.LogRecord) -> None:
        self._writer.submit(self.format(record).encode("utf-8", "replace") + b"\n", 1)

    def close(self) -> None:
        self._writer.close(_CLOSE_SECONDS)
        super().close()


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        members: dict[str, Any] = {
            "time": _time_of(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage()[:_MAX_TEXT],
        }
        members = {**_facts_of(record), **members}  # a fact cannot pass for a level
        if record.exc_info:
            members["exception"] = self.formatException(record.exc_info)
        return without_credentials(json.dumps(members, default=repr))


class _ConsoleFormatter(logging.Formatter):
    """One line per record, unprintable characters escaped; only the traceback of a failure has lines of its own."""

    def format(self, record: logging.LogRecord) -> str:
        facts = "".join(f" {name}={json.dumps(value, default=repr)}" for name, value in _facts_of(record).items())
        line = f"{_time_of(record)} {record.levelname:<7} {_printable(record.getMessage()[:_MAX_TEXT])}{facts}"
        if record.exc_info:
            line += "\n" + "\n".join(map(_printable, self.formatException(record.exc_info).splitlines()))
        return without_credentials(line)


def _time_of(record: logging.LogRecord) -> str:
    """RFC 3339 in UTC, with milliseconds."""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z"


def _facts_of(record: logging.LogRecord) -> Mapping[str, Any]:
    facts: Mapping[str, Any] = getattr(record, "facts", {})
    return {name: value[:_MAX_TEXT] if isinstance(value, str) else value for name, value in facts.items()}


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
