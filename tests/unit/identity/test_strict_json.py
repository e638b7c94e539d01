"""Objects that two parsers could read in two ways are refused."""

import pytest

from hotgate.identity.strict_json import MAX_DEPTH, parse_object


def nested(levels: int) -> bytes:
    return b'{"a":' + b"[" * levels + b"]" * levels + b"}"


def test_an_object_is_read() -> None:
    assert parse_object('{"a": [1, 2.5, "é", null], "b": {"c": true}}'.encode()) == {
        "a": [1, 2.5, "é", None],
        "b": {"c": True},
    }


def test_escaped_pairs_are_text() -> None:
    assert parse_object(b'{"a": "\\ud83d\\ude00"}') == {"a": "\U0001f600"}


@pytest.mark.parametrize(
    "text",
    [
        b"[]",
        b'"a"',
        b"null",
        b"",
        b"{",
        b"{} {}",
        b'{"a": 1, "a": 2}',
        b'{"b": {"a": 1, "a": 1}}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b'{"\\udfff": 1}',
        b"\xef\xbb\xbf{}",
        b'{"a": "\xff"}',
        '{"a": 1}'.encode("utf-16"),
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_anything_ambiguous_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_object(text)


def test_depth_is_bounded() -> None:
    assert parse_object(nested(MAX_DEPTH - 1))
    for levels in (MAX_DEPTH, 900, 100_000):
        with pytest.raises(ValueError, match="nested too deeply"):
            parse_object(nested(levels))
