import logging
import threading

import pytest

from hotgate.observe.chunk_writer import ChunkWriter


class StallingSink:
    """Blocks in `write` until released, as a pipe does whose reader has stopped."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.entered = threading.Event()
        self.released = threading.Event()
        self.is_closed = False

    def write(self, lines: bytes) -> None:
        self.entered.set()
        self.released.wait(10)
        self.written.append(lines)

    def reopen(self) -> None:
        self.written.append(b"reopened")

    def close(self) -> None:
        self.is_closed = True


class FailingSink(StallingSink):
    def write(self, lines: bytes) -> None:
        raise OSError(28, "No space left on device")

    def reopen(self) -> None:
        raise OSError(13, "Permission denied")


def test_chunks_are_written_in_order_and_closing_flushes() -> None:
    sink = StallingSink()
    sink.released.set()
    writer = ChunkWriter(sink)
    for number in range(100):
        assert writer.submit(b"%d\n" % number, 1)
    assert writer.close(10)
    assert sink.written == [b"%d\n" % number for number in range(100)]
    assert sink.is_closed
    assert writer.dropped == 0


def test_a_stalled_sink_costs_lines_and_never_blocks_or_grows() -> None:
    sink = StallingSink()
    writer = ChunkWriter(sink, max_queued_bytes=100)
    assert writer.submit(b"x" * 60, 3)
    assert sink.entered.wait(10)
    assert not writer.submit(b"x" * 60, 4)
    assert writer.submit(b"x" * 40, 1)
    assert not writer.submit(b"x", 1)
    assert writer.dropped == 5
    assert not writer.close(0)
    sink.released.set()
    assert writer.close(10)
    assert sink.written == [b"x" * 60, b"x" * 40]


def test_a_failing_sink_is_counted_and_the_thread_lives_on(caplog: pytest.LogCaptureFixture) -> None:
    writer = ChunkWriter(FailingSink())
    with caplog.at_level(logging.ERROR):
        writer.submit(b"a\nb\n", 2)
        writer.reopen()
        writer.submit(b"c\n", 1)
        assert writer.close(10)
    assert writer.dropped == 3
    assert "the old file goes on" in caplog.text
    assert caplog.text.count("cannot be written") == 1  # once, not for every chunk


def test_reopen_keeps_its_place_in_the_queue() -> None:
    sink = StallingSink()
    sink.released.set()
    writer = ChunkWriter(sink)
    writer.submit(b"before\n", 1)
    writer.reopen()
    writer.submit(b"after\n", 1)
    writer.close(10)
    assert sink.written == [b"before\n", b"reopened", b"after\n"]
