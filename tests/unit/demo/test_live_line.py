from typing import Any

from hotgate.demo.live_line import live_line


def record(**changed: Any) -> dict[str, Any]:
    return {
        "time": "2026-01-05T12:03:04.567Z",
        "status": 200,
        "duration_ms": 1.26,
        "method": "GET",
        "path": "/orders/7",
        "subject": "alice",
        "provider": "corp",
        **changed,
    }


def test_a_request_that_passed() -> None:
    words = live_line(record()).plain.split()
    assert words == ["12:03:04", "GET", "/orders/7", "200", "alice", "by", "corp", "1.3", "ms"]


def test_a_refused_request_says_why() -> None:
    refused = record(status=401, code="token-missing")
    del refused["subject"], refused["provider"]
    line = live_line(refused)
    assert line.plain.split() == ["12:03:04", "GET", "/orders/7", "401", "-", "token-missing", "1.3", "ms"]


def test_the_status_decides_the_colour() -> None:
    colours = {
        status: [str(span.style) for span in live_line(record(status=status)).spans] for status in (200, 429, 502)
    }
    assert "green" in colours[200]
    assert "yellow" in colours[429]
    assert "red" in colours[502]


def test_nothing_moves_the_cursor_or_is_read_as_markup() -> None:
    line = live_line(record(path="/[red]x", subject="\x1b[2Jalice")).plain
    assert "\x1b" not in line
    assert "/[red]x" in line
