"""Requests as logs have recorded them: those of the access log, and those of the log of decisions, which says more.

A log may be huge, cut off, rotated and packed, and clients have chosen much of what is in it. It is read line by line,
each line bounded; what is no record is counted and passed over.
"""

import bz2
import gzip
import json
import lzma
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from pydantic import ValidationError

from hotgate.control.api.explain import GivenPrincipal, Question

MAX_LINE = 64 * 1024  # bytes; the gateway writes at most 4,096
_STANDARD_INPUT = "-"
_FACTS = ("subject", "provider", "mechanism", "credential", "tier", "tenant")
_RIGHTS = ("scopes", "roles", "groups")
_OPENERS = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\x00", lzma.open))
_BROKEN = (EOFError, OSError, zlib.error, lzma.LZMAError)


@dataclass(frozen=True, slots=True)
class Record:
    """question: as far as the log knows it. was_refused: the gateway refused it before it asked a backend. status,
    code: of the answer. knows_rights: the scopes, roles and groups of the caller are there.
    """

    question: Question
    was_refused: bool
    status: int
    code: str
    knows_rights: bool


@dataclass(slots=True)
class LogReader:
    """broken: lines that are no records. cut: files that end too early."""

    broken: int = 0
    cut: int = 0

    def records(self, name: str) -> Iterator[Record]:
        """Those of one file, or of the standard input for `-`. Raises OSError if it cannot be opened."""
        with _opened(name) as file:
            for line in self._lines(file):
                record = _record(line)
                if record is None:
                    self.broken += 1
                else:
                    yield record

    def _lines(self, file: IO[bytes]) -> Iterator[bytes]:
        """What is longer than any record is passed over piece by piece."""
        is_rest = False
        while True:
            try:
                piece = file.readline(MAX_LINE)
            except _BROKEN:
                self.cut += 1
                return
            if not piece:
                return
            is_whole = piece.endswith(b"\n") or len(piece) < MAX_LINE
            if is_whole and not is_rest:
                yield piece
            elif is_whole:
                self.broken += 1
            is_rest = not is_whole


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    if name == _STANDARD_INPUT:
        yield sys.stdin.buffer
        return
    with Path(name).open("rb") as file:
        start = file.read(8)
        file.seek(0)
        opener: Any = next((found for magic, found in _OPENERS if start.startswith(magic)), None)
        if opener is None:
            yield file
        else:
            with opener(file, "rb") as unpacked:
                yield unpacked


def _record(line: bytes) -> Record | None:
    try:
        facts = json.loads(line)
        if not isinstance(facts, dict):
            return None
        code = str(facts.get("code", ""))
        return Record(
            _question(facts),
            was_refused=_was_refused(facts),
            status=int(facts.get("status", 0)),
            code=code,
            knows_rights="decision" in facts,
        )
    except (ValidationError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None


def _question(facts: Mapping[str, Any]) -> Question:
    """To the minute, so that equal requests of one minute are decided about once."""
    minute = datetime.fromisoformat(str(facts["time"])).replace(second=0, microsecond=0)
    described = {
        "method": facts["method"],
        "target": facts["path"],
        "host": facts["host"],
        "client": facts["client"],
        "at": minute.isoformat(),
        "principal": _principal(facts),
    }
    return Question.model_validate(described)


def _principal(facts: Mapping[str, Any]) -> GivenPrincipal | None:
    if "subject" not in facts:
        return None
    given = {name: facts[name] for name in _FACTS if name in facts}
    given |= {name: _names(facts[name]) for name in _RIGHTS if name in facts}
    return GivenPrincipal(**given, client=facts.get("application"))


def _names(value: object) -> tuple[Any, ...]:
    """A text would be taken for its letters."""
    if not isinstance(value, list):
        raise TypeError("a list of names")
    return tuple(value)


def _was_refused(facts: Mapping[str, Any]) -> bool:
    """The log of decisions says it; in the access log, the gateway's own answers have a code and no upstream."""
    if "decision" in facts:
        return bool(facts["decision"] == "deny")
    return bool(facts.get("code")) and not facts.get("upstream")
