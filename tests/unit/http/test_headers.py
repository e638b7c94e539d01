"""Header fields: order is kept, names compare in lower case, and nothing can be written that changes the framing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotgate.http.headers import Field, Headers, InvalidHeader, decode_fields, encode_fields, valid_field


def test_reads_and_edits_in_order() -> None:
    headers = Headers([(b"a", b"1"), (b"b", b"2"), (b"a", b"3")])
    assert (headers.get(b"a"), headers.get_all(b"a"), headers.get(b"c")) == (b"1", [b"1", b"3"], None)
    headers.set(b"A", b"4")
    headers.add(b"c", b"5")
    headers.remove(b"missing")
    assert list(headers) == [(b"b", b"2"), (b"a", b"4"), (b"c", b"5")]
    assert (len(headers), b"c" in headers, b"d" in headers) == (3, True, False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, b"x") for name in (b"", b"a b", b"a:", b"a\r\nb", b":path", b"\xc3\xa9", b"a\x00")),
        *((b"a", value) for value in (b"x\r\ny: z", b"x\n", b"\x00", b"\x7f", b"\x1b[0m")),
    ],
)
def test_refuses_what_would_inject(name: bytes, value: bytes) -> None:
    headers = Headers()
    for write in (headers.set, headers.add, valid_field):
        with pytest.raises(InvalidHeader):
            write(name, value)
    assert len(headers) == 0


def test_encodes_each_field_on_its_line() -> None:
    assert encode_fields([(b"a", b"1"), (b"b", b"")]) == b"a: 1\r\nb: \r\n"


@given(st.lists(st.tuples(st.sampled_from([b"a", b"x-b"]), st.binary(max_size=9))))
def test_what_was_encoded_can_be_read_again(fields: list[Field]) -> None:
    try:
        block = encode_fields(fields)
    except InvalidHeader:
        assert any(end in value for _, value in fields for end in (b"\r", b"\n"))
    else:
        assert decode_fields(block) == tuple(fields)


def test_a_representation_shows_no_values() -> None:
    assert "hunter2" not in repr(Headers([(b"authorization", b"hunter2")]))
