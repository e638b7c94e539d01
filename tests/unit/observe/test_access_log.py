import json
import threading
from pathlib import Path

from hotgate.observe.access_log import AccessLog
from hotgate.observe.access_record import AccessRecord
from hotgate.observe.sink import FileSink


def record(path: str) -> AccessRecord:
    return (5.0, 0.01, 0.005, 200, 0, 9, b"", "r", "t", "::1", "GET", "h", path, "1.1", "x", "", "", None, "", 1)


class Collector:
    def __init__(self) -> None:
        self.chunks: list[bytes] = []
        self.arrived = threading.Event()

    def write(self, lines: bytes) -> None:
        self.chunks.append(lines)
        self.arrived.set()

    def reopen(self) -> None: ...

    def close(self) -> None: ...

    @property
    def lines(self) -> list[bytes]:
        return b"".join(self.chunks).splitlines()


def test_lines_wait_for_the_tick() -> None:
    sink = Collector()
    log = AccessLog(sink, wall=lambda: 1_700_000_000.0, monotonic=lambda: 100.0)
    log.append(record("/one"))
    assert not sink.arrived.is_set()
    log.tick()
    assert sink.arrived.wait(10)
    log.close()
    (line,) = sink.lines
    assert json.loads(line)["time"] == "2023-11-14T22:11:45.000Z"


def test_a_busy_worker_does_not_wait_for_the_tick() -> None:
    sink = Collector()
    log = AccessLog(sink)
    for number in range(512):
        log.append(record(f"/{number}"))
    assert sink.arrived.wait(10)
    assert len(sink.lines) == 512
    log.close()


def test_closing_writes_everything_in_order(tmp_path: Path) -> None:
    log = AccessLog(FileSink(tmp_path / "access.log"))
    for number in range(1000):
        log.append(record(f"/{number}"))
    assert log.close()
    lines = (tmp_path / "access.log").read_text().splitlines()
    assert [json.loads(line)["path"] for line in lines] == [f"/{number}" for number in range(1000)]
    assert log.dropped == 0


def test_after_a_rotation_earlier_lines_are_in_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "access.log"
    log = AccessLog(FileSink(path))
    log.append(record("/before"))
    path.rename(tmp_path / "access.log.1")
    log.reopen()
    log.append(record("/after"))
    log.close()
    assert "/before" in (tmp_path / "access.log.1").read_text()
    assert path.read_text().count("\n") == 1
    assert "/after" in path.read_text()


def test_an_idle_log_writes_nothing() -> None:
    sink = Collector()
    log = AccessLog(sink)
    log.tick()
    log.close()
    assert sink.chunks == []
