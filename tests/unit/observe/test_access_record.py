import json
from collections.abc import Mapping
from typing import Any

import pytest

from hotgate.identity.principal import Principal
from hotgate.observe.access_record import MAX_LINE_BYTES, MAX_USER_AGENT_BYTES, AccessRecord, lines_of

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl-_"
TEXTS = {
    "request_id": "r1",
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "client": "192.0.2.1",
    "method": "GET",
    "host": "api.example.com",
    "path": "/orders/7",
    "http": "1.1",
    "route": "orders",
    "upstream": "backend",
    "code": "route-not-found",
    "subject": "alice",
    "provider": "corp",
    "mechanism": "jwt",
    "credential": "token-7",
    "application": "shop",
    "log_detail": "why",
}
HOSTILE = [
    'quote " and backslash \\',
    "line\nfeed\r\nreturn",
    "nul \x00 and escape \x1b[31m",
    "separators \u2028 \u2029 \x85",
    '","status":200,"x":"',
    "half a pair \ud800 and \udfff",
    "percent %s %d %(x)s {x}",
    "emoji \U0001f600",
]


def record(
    texts: Mapping[str, str] = {},
    *,
    user_agent: bytes = b"curl/8.5",
    upstream_duration: float = 0.0101,
    attempts: int = 1,
) -> AccessRecord:
    *values, subject, provider, mechanism, credential, application, detail = {**TEXTS, **texts}.values()
    caller = Principal(
        subject, provider=provider, mechanism=mechanism, credential=credential or None, client=application or None
    )
    who = (caller if subject else None, detail, attempts)
    return (10.25, 0.0123456, upstream_duration, 200, 5, 137, user_agent, *values, *who)  # type: ignore[return-value]


def test_attempts_are_told_when_there_were_several() -> None:
    (once, twice) = parsed(record(), record(attempts=2))
    assert "attempts" not in once
    assert twice["attempts"] == 2


def parsed(*records: AccessRecord) -> list[dict[str, Any]]:
    output = lines_of(records, wall_offset=1_700_000_000.0)
    assert output.isascii()
    assert output.endswith(b"\n")
    lines = output.decode().split("\n")[:-1]
    assert len(lines) == len(records)
    return [json.loads(line) for line in lines]


def test_a_line_has_every_fact() -> None:
    (line,) = parsed(record())
    assert line == TEXTS | {
        "time": "2023-11-14T22:13:30.250Z",
        "status": 200,
        "duration_ms": 12.346,
        "upstream_ms": 10.1,
        "bytes_in": 5,
        "bytes_out": 137,
        "user_agent": "curl/8.5",
    }


@pytest.mark.parametrize(
    ("texts", "left_out"),
    [
        ({"upstream": ""}, {"upstream"}),
        ({"code": ""}, {"code", "log_detail"}),
        ({"log_detail": ""}, {"log_detail"}),
        ({"subject": ""}, {"subject", "provider", "mechanism", "credential", "application"}),
        ({"credential": ""}, {"credential"}),
        ({"application": ""}, {"application"}),
    ],
)
def test_what_there_is_nothing_to_say_about_is_left_out(texts: Mapping[str, str], left_out: set[str]) -> None:
    assert set(parsed(record())[0]) - set(parsed(record(texts))[0]) == left_out


def test_no_answer_of_an_upstream_has_no_time() -> None:
    assert "upstream_ms" not in parsed(record(upstream_duration=-1.0))[0]


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("name", sorted(TEXTS))
def test_no_text_can_leave_its_string(name: str, hostile: str) -> None:
    (line,) = parsed(record({name: hostile}))
    assert line == parsed(record())[0] | {name: hostile.encode("utf-8", "replace").decode()}


@pytest.mark.parametrize("hostile", [text.encode("utf-8", "surrogatepass") for text in HOSTILE] + [b"\xff\xfe\xc0\x80"])
def test_no_user_agent_can_leave_its_string(hostile: bytes) -> None:
    (line,) = parsed(record(user_agent=hostile))
    assert line == parsed(record())[0] | {"user_agent": hostile.decode("utf-8", "replace")}


def test_half_a_surrogate_pair_never_reaches_a_reader() -> None:
    assert b"\\ud800" not in lines_of([record({"subject": "\ud800"}), record()], 0.0)
    assert parsed(record({"subject": "\U0001f600"}), record({"subject": "\ud800"}))[0]["subject"] == "\U0001f600"


def test_a_user_agent_is_bounded() -> None:
    assert len(parsed(record(user_agent=b"a" * 8000))[0]["user_agent"]) == MAX_USER_AGENT_BYTES


@pytest.mark.parametrize("character", ["a", "\n", "\u2028", "\U0001f600", "\ud800"])
def test_every_line_fits_into_one_write(character: str) -> None:
    longest = dict.fromkeys(TEXTS, character * 10_000)
    output = lines_of([record(), record(longest, user_agent=character.encode("utf-8", "replace") * 300)], 0.0)
    assert max(len(line) for line in output.splitlines(keepends=True)) <= MAX_LINE_BYTES
    assert parsed(record(longest))[0]["path"].endswith("…")


def test_a_long_path_keeps_as_much_as_fits() -> None:
    (line,) = parsed(record({"path": "/" + "a" * 8000}))
    assert line["path"] == "/" + "a" * 1023 + "…"
    assert line["subject"] == "alice"


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_token_in_any_text_is_masked(name: str) -> None:
    output = lines_of([record({name: f"before {JWT} after"}, user_agent=f"x {JWT}".encode())], 0.0)
    assert b"eyJ" not in output
    assert b"c2lnbmF0dXJl" not in output
    assert json.loads(output)[name] == "before [token] after"
