import os
import threading
from pathlib import Path

from hotgate.observe.sink import ATOMIC_PIPE_BYTES, FileSink, StreamSink


def test_a_file_is_appended_to_and_not_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    path.write_bytes(b"old\n")
    sink = FileSink(path)
    sink.write(b"new\n")
    sink.close()
    assert path.read_bytes() == b"old\nnew\n"
    fresh = tmp_path / "fresh.log"
    FileSink(fresh).close()
    assert fresh.stat().st_mode & 0o007 == 0


def test_a_rotated_file_is_left_alone_after_reopen(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    sink = FileSink(path)
    sink.write(b"one\n")
    path.rename(tmp_path / "access.log.1")
    sink.write(b"two\n")
    sink.reopen()
    sink.write(b"three\n")
    sink.close()
    assert (tmp_path / "access.log.1").read_bytes() == b"one\ntwo\n"
    assert path.read_bytes() == b"three\n"


def test_a_torn_line_does_not_spoil_the_next(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    sink = FileSink(path)
    os.close(sink._descriptor)
    try:
        sink.write(b"lost\n")
    except OSError:
        sink._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    sink.write(b"kept\n")
    sink.close()
    assert path.read_bytes() == b"\nkept\n"


def test_lines_from_several_writers_to_one_pipe_stay_whole() -> None:
    reading, writing = os.pipe()
    chunk = b"".join(b"%d:%b\n" % (number, b"x" * (number % 3000)) for number in range(300))
    writers = [threading.Thread(target=StreamSink(writing).write, args=(chunk,)) for _ in range(3)]
    for writer in writers:
        writer.start()
    received = b""
    while len(received) < 3 * len(chunk):
        received += os.read(reading, 65536)
    for writer in writers:
        writer.join()
    os.close(reading)
    os.close(writing)
    assert sorted(received.splitlines()) == sorted(chunk.splitlines() * 3)


def test_a_non_blocking_pipe_loses_nothing() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    chunk = b"a line\n" * 40_000  # several times what a pipe holds
    writer = threading.Thread(target=StreamSink(writing).write, args=(chunk,))
    writer.start()
    received = b""
    while len(received) < len(chunk):
        received += os.read(reading, 65536)
    writer.join()
    os.close(reading)
    os.close(writing)
    assert received == chunk


def test_a_line_longer_than_a_pipe_takes_at_once_is_written_alone() -> None:
    reading, writing = os.pipe()
    chunk = b"short\n" + b"x" * (ATOMIC_PIPE_BYTES + 10) + b"\n" + b"short\n"
    StreamSink(writing).write(chunk)
    assert os.read(reading, 65536) == chunk
    os.close(reading)
    os.close(writing)
