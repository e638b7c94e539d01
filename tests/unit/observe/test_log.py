import json
import logging
from collections.abc import Iterator

import pytest

from hotgate.observe.log import configure, security_event

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl"


class MemorySink:
    def __init__(self) -> None:
        self.content = b""

    def write(self, lines: bytes) -> None:
        self.content += lines

    def reopen(self) -> None: ...

    def close(self) -> None: ...


@pytest.fixture
def sink() -> Iterator[MemorySink]:
    logger, security = logging.getLogger("hotgate"), logging.getLogger("hotgate.security")
    before = logger.handlers[:], logger.level, logger.propagate, security.filters[:]
    yield MemorySink()
    logger.handlers[:], logger.level, logger.propagate, security.filters[:] = before


def json_lines(sink: MemorySink, handler: logging.Handler) -> list[dict[str, object]]:
    handler.close()
    return [json.loads(line) for line in sink.content.splitlines()]


def test_json_lines(sink: MemorySink) -> None:
    handler = configure("json", sink)
    logging.getLogger("hotgate.runtime").info("worker %d\nis ready", 3)
    logging.getLogger("hotgate.runtime").debug("not shown")
    (line,) = json_lines(sink, handler)
    assert (line["level"], line["logger"], line["message"]) == ("info", "hotgate.runtime", "worker 3\nis ready")
    assert str(line["time"]).endswith("Z")


def test_security_events_carry_facts_which_cannot_pass_for_something_else(sink: MemorySink) -> None:
    handler = configure("json", sink)
    security_event("policy-failed", route="orders", level="info", odd=object)
    (line,) = json_lines(sink, handler)
    assert (line["level"], line["kind"], line["route"]) == ("warning", "policy-failed", "orders")


def test_the_console_shows_one_line_whatever_the_values_hold(sink: MemorySink) -> None:
    handler = configure("console", sink)
    security_event("policy-failed", route="a\nFORGED", detail="\x1b[31m\u2028")
    logging.getLogger("hotgate.runtime").warning("a\nFORGED \x1b[31m \u2028")
    handler.close()
    text = sink.content.decode()
    assert len(text.splitlines()) == 2
    assert "\x1b" not in text
    assert 'route="a\\nFORGED"' in text


@pytest.mark.parametrize("style", ["console", "json"])
def test_tokens_are_masked_in_messages_facts_and_tracebacks(style: str, sink: MemorySink) -> None:
    handler = configure("json" if style == "json" else "console", sink)
    security_event("x", detail=f"Bearer {JWT}", nested=[{"a": JWT}])
    try:
        raise ValueError(JWT)
    except ValueError:
        logging.getLogger("hotgate.edge").exception("failed with %s", JWT)
    handler.close()
    assert b"eyJ" not in sink.content
    assert b"ValueError: [token]" in sink.content


def test_long_texts_are_cut(sink: MemorySink) -> None:
    handler = configure("json", sink)
    security_event("x", detail="a" * 1_000_000)
    handler.close()
    assert len(sink.content) < 3000


def test_configuring_again_replaces_the_handler(sink: MemorySink) -> None:
    configure("json", MemorySink()).close()
    handler = configure("json", sink)
    logging.getLogger("hotgate").warning("once")
    assert len(json_lines(sink, handler)) == 1


def test_a_flood_of_events_is_thinned_out(sink: MemorySink) -> None:
    handler = configure("json", sink)
    for _ in range(1000):
        security_event("flood")
    security_event("other-kind")
    lines = json_lines(sink, handler)
    assert 10 <= sum(line["kind"] == "flood" for line in lines) < 100
    assert lines[-1]["kind"] == "other-kind"
