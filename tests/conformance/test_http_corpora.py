"""Requests collected by Gunicorn: the invalid ones must never reach a backend, however they arrive.

A file holds a request with `\\r\\n`, `\\n`, `\\t` and `\\0` spelled out; its own line ends mean nothing.
"""

import asyncio
import os
from pathlib import Path

import pytest

from wire.peer import Peer
from wire.samples import OK
from wire.scenario import Wire, scenario

DEFAULT_CORPORA = Path(__file__).resolve().parents[3] / "shared" / "corpora"
CORPUS = Path(os.environ.get("HOTGATE_CORPORA", DEFAULT_CORPORA)) / "http" / "gunicorn"

pytestmark = pytest.mark.skipif(not CORPUS.is_dir() and "CI" not in os.environ, reason="no HTTP corpora here")

STRICTER: dict[str, str] = {}
NOT_INVALID_HERE: dict[str, str] = {}


def bytes_of(file: Path) -> bytes:
    data = file.read_bytes().replace(b"\n", b"").replace(b"\\r\\n", b"\r\n")
    return data.replace(b"\\0", b"\0").replace(b"\\n", b"\n").replace(b"\\t", b"\t")


def files(folder: str) -> list[Path]:
    return sorted((CORPUS / folder).glob("*.http"))


async def _serve(wire: Wire, reached: list[bytes]) -> None:
    """A backend that is content with everything."""

    async def answer(backend: Peer) -> None:
        while True:
            reached.append((await backend.message()).start)
            backend.send(OK)

    async with asyncio.TaskGroup() as group:
        while True:
            group.create_task(answer(await wire.backend.accept()))


@pytest.mark.parametrize("size", [0, 1], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("file", files("invalid"), ids=lambda file: file.stem)
def test_invalid(file: Path, size: int) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        data = bytes_of(file)
        client = await wire.connect()
        await client.send_in_pieces(data, size or len(data))
        if await client.has_received(b"HTTP/1.1 "):
            answer = await client.message()
            print("RESULT", file.stem, answer.start, wire.backend.accepted)
        else:
            print("RESULT", file.stem, "nothing", wire.backend.accepted)
        assert wire.backend.accepted == 0

    script()


@pytest.mark.parametrize("size", [0, 1], ids=["whole", "byte by byte"])
@pytest.mark.parametrize("file", files("valid"), ids=lambda file: file.stem)
def test_valid(file: Path, size: int) -> None:
    @scenario(limits={"max_header_bytes": "1MiB", "max_headers": 1000, "max_target": "64KiB"})
    async def script(wire: Wire) -> None:
        data = bytes_of(file)
        client = await wire.connect()
        await client.send_in_pieces(data, size or len(data))
        if wire.backend.accepted or await client.has_received(b"HTTP/1.1 ") or wire.backend.accepted:
            pass
        print("RESULT", file.stem, wire.backend.accepted, client.received()[:400])
        assert wire.backend.accepted == 1

    script()
