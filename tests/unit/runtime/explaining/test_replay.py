"""`hotgate diff`: what differs, and recorded requests that would be decided otherwise."""

import bz2
import gzip
import json
import lzma
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hotgate.cli import app
from hotgate.runtime.explaining.recorded import MAX_LINE, LogReader
from unit.runtime.explaining.asking import HEAD, KEYS

OLD = """\
routes:
  - {name: orders, match: {path: "/orders/{id}"}, upstream: api, authenticate: [partners]}
  - {name: open, match: {path: "/open"}, upstream: api, public: true}
"""
NEW = """\
routes:
  - {name: orders, match: {path: "/orders/{id}"}, upstream: api, authenticate: [partners], authorize: {scopes: [write]}}
  - {name: more, match: {path: "/more"}, upstream: api, public: true}
limits: {drain: 5s}
"""
RECORD = {
    "time": "2026-11-26T03:12:00.123Z",
    "status": 200,
    "method": "GET",
    "host": "localhost",
    "path": "/orders/7",
    "client": "127.0.0.1",
    "upstream": "api",
}
ANN = {"subject": "ann", "provider": "partners", "mechanism": "api_key"}
DECIDED = {"decision": "allow", "scopes": ["write"]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old.yaml").write_text(HEAD + KEYS + OLD)
    (tmp_path / "new.yaml").write_text(HEAD + KEYS + NEW)
    return tmp_path


def diff(folder: Path, *more: str, new: str = "new.yaml") -> Result:
    return CliRunner().invoke(app, ["diff", str(folder / "old.yaml"), str(folder / new), *more])


def replayed(folder: Path, *records: dict[str, Any], new: str = "new.yaml") -> Result:
    log = folder / "access.log"
    log.write_text("".join(json.dumps(record) + "\n" for record in records))
    return diff(folder, "--replay", str(log), new=new)


def test_keys_that_differ_are_listed_with_their_lines(folder: Path) -> None:
    result = diff(folder)
    assert result.exit_code == 1
    new, old = folder / "new.yaml", folder / "old.yaml"
    assert result.stdout.splitlines() == [
        f"~ route orders: authorize  {new}:5",
        f"+ route more  {new}:6",
        f"- route open  {old}:6",
        f"+ limits  {new}:7",
        "4 differ",
    ]


def test_the_same_file_differs_in_nothing(folder: Path) -> None:
    assert (diff(folder, new="old.yaml").exit_code, diff(folder, new="old.yaml").stdout) == (0, "no key differs\n")
    assert replayed(folder, {**RECORD, **ANN}, new="old.yaml").exit_code == 0


def test_a_request_whose_decision_would_change(folder: Path) -> None:
    result = replayed(folder, *[{**RECORD, **ANN}] * 5)
    assert result.exit_code == 1
    assert "5 requests replayed, 5 would be decided otherwise" in result.stdout
    assert "5 x [orders] allow to api -> [orders] deny insufficient-scope by authorize" in result.stdout
    assert f"{folder / 'new.yaml'}:5" in result.stdout
    assert result.stdout.count("GET localhost/orders/7 by ann of partners") == 3


def test_the_log_of_decisions_knows_the_rights_of_the_caller(folder: Path) -> None:
    assert replayed(folder, {**RECORD, **ANN, **DECIDED}).exit_code == 0


def test_a_route_that_is_gone(folder: Path) -> None:
    result = replayed(folder, {**RECORD, "path": "/open"})
    assert "1 x [open] allow to api -> [no route] deny route-not-found" in result.stdout


def test_what_the_log_cannot_know_is_marked(folder: Path) -> None:
    """The caller was let in by something that is not recorded."""
    result = replayed(folder, {**RECORD, "path": "/orders/8"})
    assert "1 were decided by something that the log does not have" in result.stdout
    limited = {**RECORD, **ANN, "status": 429, "code": "rate-limited", "upstream": ""}
    assert "that the log does not have; changes" not in replayed(folder, limited).stdout


HOSTILE: list[bytes] = [
    b"",
    b"\n",
    b"null\n",
    b"[]\n",
    b"{}\n",
    b"\xff\xfe\n",
    b"[" * 100_000 + b"\n",
    b'{"time":"x","method":"GET","path":"/","host":"a","client":"b"}\n',
    json.dumps({**RECORD, "path": "/a\r\nb: c"}).encode() + b"\n",
    json.dumps({**RECORD, "path": 7}).encode() + b"\n",
    json.dumps({**RECORD, "method": "GET / HTTP/1.1\r\n"}).encode() + b"\n",
    json.dumps({**RECORD, **ANN, "scopes": "x"}).encode() + b"\n",
    json.dumps({**RECORD, "time": "9999999999"}).encode() + b"\n",
    json.dumps({**RECORD, "status": "1" * 5000}).encode() + b"\n",
    json.dumps(RECORD).replace("200", "1e999").encode() + b"\n",
    b"x" * (3 * MAX_LINE) + b"\n",
    json.dumps(RECORD).encode()[:40],
]


def test_a_log_that_somebody_has_written_to(folder: Path) -> None:
    good = json.dumps({**RECORD, **ANN}).encode() + b"\n"
    log = folder / "access.log"
    log.write_bytes(good + b"".join(HOSTILE[:-1]) + good + HOSTILE[-1])
    result = diff(folder, "--replay", str(log))
    assert "2 requests replayed" in result.stdout
    assert "16 lines are no records" in result.stdout


@pytest.mark.parametrize("pack", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_rotated_logs_are_read_as_they_are(pack: Callable[[bytes], bytes], folder: Path) -> None:
    log = folder / "access.log.2"
    log.write_bytes(pack(json.dumps(RECORD).encode() + b"\n"))
    assert len(list(LogReader().records(str(log)))) == 1


def test_a_packed_log_that_ends_too_early(folder: Path) -> None:
    log = folder / "access.log.gz"
    packed = gzip.compress(b"".join(json.dumps({**RECORD, "n": n}).encode() + b"\n" for n in range(5000)))
    log.write_bytes(packed[: len(packed) // 2])
    result = diff(folder, "--replay", str(log))
    assert "1 logs end too early" in result.stdout


def test_a_huge_line_in_a_small_file_takes_no_memory(folder: Path) -> None:
    log = folder / "access.log.gz"
    log.write_bytes(gzip.compress(b"0" * 50_000_000))
    reader = LogReader()
    tracemalloc.start()
    try:
        assert list(reader.records(str(log))) == []
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
    assert reader.broken == 1


def test_a_log_without_one_record_does_not_show_that_nothing_changes(folder: Path) -> None:
    (folder / "access.log").write_text("GET / 200\n")
    result = diff(folder, "--replay", str(folder / "access.log"))
    assert result.exit_code == 2
    assert "access.log is a record" in result.stderr


def test_a_log_that_is_not_there(folder: Path) -> None:
    assert diff(folder, "--replay", str(folder / "none.log")).exit_code == 2


def test_nothing_in_a_log_moves_the_cursor_of_its_reader(folder: Path) -> None:
    result = replayed(folder, {**RECORD, **ANN, "subject": "ann\x1b[2J\nforged"})
    assert "\x1b" not in result.stdout
    assert "\nforged" not in result.stdout


def test_policies_of_ones_own_are_sought_beside_the_first_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    text = (
        HEAD
        + """\
routes: [{name: %s, match: {path: "/*"}, public: true, upstream: api, policies: [{use: "replayed_policies:closed"}]}]
"""
    )
    (folder / "other").mkdir()
    for place, code in ((folder, "first"), (folder / "other", "second")):
        (place / f"{code}.yaml").write_text(text % code)
        says = f"def closed(exchange): return Response.problem(403, code='{code}')"
        (place / "replayed_policies.py").write_text(f"from hotgate import Response, policy\n@policy\n{says}\n")
    log = folder / "access.log"
    log.write_text(json.dumps(RECORD) + "\n")
    files = [str(folder / "first.yaml"), str(folder / "other" / "second.yaml")]
    result = CliRunner().invoke(app, ["diff", *files, "--replay", str(log)])
    monkeypatch.delitem(sys.modules, "replayed_policies")
    assert "[first] deny first by policies -> [second] deny first by policies" in result.stdout
