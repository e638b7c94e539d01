"""The fixtures of llhttp: messages in Markdown, each with the events that its parser reports for it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_fixture = re.compile(
    r"<!-- meta=(?P<meta>\{.*?\})\s*-->\s*"
    r"```http\n(?P<http>(?:(?!```).)*)```(?:(?!```).)*```log\n(?P<log>(?:(?!```).)*)```",
    re.DOTALL,
)
_heading = re.compile(r"^#{2,}\s+(.*)$", re.MULTILINE)
_escape = re.compile(r"\\(?:([rntf])|x([0-9a-fA-F]{2}))")
_span = re.compile(r'off=\d+ len=\d+ span\[(\w+)\]=(?:"(.*)"|(cr|lf))$')
_head = re.compile(r"headers complete (?:method=\d+|status=(\d+)) v=\d/\d flags=([0-9a-f]+)")
_paused = re.compile(r"code=2[12] ").search  # 22: at an upgrade. Neither is a judgement
_CONTROLS = {"r": "\r", "n": "\n", "t": "\t", "f": "\f", "cr": "\r", "lf": "\n"}
_FRAMED = 0x08 | 0x20  # flags: chunked, Content-Length


@dataclass
class Expected:
    """One message as llhttp reads it. status: 0 for a request. is_framed: its end is known without the connection's."""

    method: str = ""
    target: str = ""
    status: int = 0
    body: bytes = b""
    is_framed: bool = False
    has_head: bool = False
    is_complete: bool = False


@dataclass
class Fixture:
    """name: file and heading. kind: "request" or "response". is_lenient: read by rules that Hotgate does not follow."""

    name: str
    kind: str
    data: bytes
    is_lenient: bool
    has_no_body: bool
    is_error: bool = False
    messages: list[Expected] = field(default_factory=list)


def fixtures(folder: Path, kind: str) -> list[Fixture]:
    """All of a kind, in their order."""
    return [fixture for file in sorted((folder / kind).glob("*.md")) for fixture in _in_file(file) if fixture.data]


def _in_file(file: Path) -> Iterator[Fixture]:
    text = file.read_text(encoding="utf-8")
    headings = [(match.start(), match[1].strip()) for match in _heading.finditer(text)]
    seen: dict[str, int] = {}
    for match in _fixture.finditer(text):
        heading = [name for start, name in headings if start < match.start()][-1]
        seen[heading] = seen.get(heading, 0) + 1
        name = f"{file.stem}: {heading}" + (f" ({seen[heading]})" if seen[heading] > 1 else "")
        meta = json.loads(match["meta"])
        kind, _, lenient = meta["type"].removesuffix("-finish").partition("-")
        made = Fixture(name, kind, bytes_of(match["http"]), bool(lenient), bool(meta.get("skipBody")))
        _read_log(made, match["log"])
        yield made


def bytes_of(text: str) -> bytes:
    """The message: line ends are CRLF, a backslash joins lines, and controls are written out."""
    text = text.removesuffix("\n").replace("\\\n", "").replace("\n", "\r\n")
    plain = _escape.sub(lambda match: _CONTROLS[match[1]] if match[1] else chr(int(match[2], 16)), text)
    return plain.encode("latin-1") if plain.isascii() or max(map(ord, plain)) < 256 else plain.encode()


def _read_log(fixture: Fixture, log: str) -> None:
    for line in log.splitlines():
        if " error code=" in line and not _paused(line):
            fixture.is_error = True
        elif line.endswith("message begin"):
            fixture.messages.append(Expected())
        elif fixture.messages:
            _read_event(fixture.messages[-1], line)


def _read_event(message: Expected, line: str) -> None:
    if head := _head.search(line):
        message.status = int(head[1] or 0)
        message.is_framed = bool(int(head[2], 16) & _FRAMED)
        message.has_head = True
    elif line.endswith("message complete"):
        message.is_complete = True
    elif span := _span.match(line):
        value = span[2] if span[2] is not None else _CONTROLS[span[3]]
        if span[1] == "body":
            message.body += value.encode("latin-1", "replace")
        elif span[1] == "method":
            message.method += value
        elif span[1] == "url":
            message.target += value
