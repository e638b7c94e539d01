"""The lines of the log of decisions: one for each record, bounded, and nobody else's."""

import json
from typing import Any

import pytest

from hotgate.observe.access_record import MAX_LINE_BYTES
from hotgate.observe.decision_record import decision_lines


def line_of(facts: dict[str, Any]) -> dict[str, Any]:
    (line,) = decision_lines([(10.0, facts)], 1_800_000_000.0).splitlines()
    return dict(json.loads(line))


def test_it_has_the_time_of_the_request() -> None:
    assert line_of({"decision": "allow"}) == {"time": "2027-01-15T08:00:10.000Z", "decision": "allow"}


@pytest.mark.parametrize("text", ['"}\n{"decision":"allow"', "\u2028", "\r\n", "\x1b[2J", "\ud800", "ü"])
def test_no_text_starts_a_line_or_moves_a_cursor(text: str) -> None:
    written = decision_lines([(0.0, {"subject": text})], 0.0)
    assert written.count(b"\n") == 1
    assert written.isascii()
    assert all(byte >= 0x20 for byte in written[:-1])


def test_what_is_too_long_is_cut_and_says_so() -> None:
    facts = {"decision": "deny", "attributes": {"a": "x" * 5000}, "path": "/" + "p" * 1000}
    line = line_of(facts)
    assert (line["cut"], line["path"]) == (True, facts["path"])
    assert "attributes" not in line
    assert len(decision_lines([(0.0, facts)], 0.0)) <= MAX_LINE_BYTES


def test_what_looks_like_a_credential_is_none() -> None:
    text = decision_lines([(0.0, {"reason": "Bearer abcdefghijklmnop eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln"})], 0.0)
    assert b"abcdefghijklmnop" not in text
    assert b"eyJ" not in text


def test_what_is_no_json_is_refused_for_the_log_to_drop() -> None:
    with pytest.raises(ValueError, match="JSON"):
        decision_lines([(0.0, {"attributes": float("nan")})], 0.0)
