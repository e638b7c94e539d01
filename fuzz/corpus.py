"""Where inputs come from and are kept: own seeds, other people's collections if they are here, and what was found."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / ".fuzz"
_OUTSIDE = Path(os.environ.get("HOTGATE_CORPORA", ROOT.parent / "shared" / "corpora")) / "http"

_escaped = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|([rnt0]))")
_CONTROLS = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0"}
_block = re.compile(rb"```http\n(.*?)\n```", re.DOTALL)


def kept(target: str) -> Path:
    """The folder of inputs that reached something new."""
    folder = KEPT / target
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def outside(target: str) -> Iterator[bytes]:
    """Gunicorn's and llhttp's messages, as bytes; none if they are not here."""
    if target == "requests":
        for file in sorted((_OUTSIDE / "gunicorn").rglob("*.http")):
            yield _unescaped(file.read_bytes().replace(b"\n", b""))
    folder = {"requests": "request", "answers": "response"}.get(target)
    if folder is not None:
        for file in sorted((_OUTSIDE / "llhttp" / folder).glob("*.md")):
            for found in _block.finditer(file.read_bytes()):
                text = found[1].replace(b"\n", b"\r\n").replace(b"\\\r\n", b"")
                yield _unescaped(text) + b"\r\n\r\n"


def _unescaped(text: bytes) -> bytes:
    return _escaped.sub(lambda match: bytes((int(match[1], 16),)) if match[1] else _CONTROLS[match[2]], text)
