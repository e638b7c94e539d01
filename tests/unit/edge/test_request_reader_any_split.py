"""However a client's bytes are cut into reads, the same requests are read."""

from hypothesis import given, settings
from hypothesis import strategies as st

from hotgate.edge.request_rules import RequestLimits, RequestRules
from unit.edge.request_bytes import STREAMS, read, split


@settings(max_examples=600, deadline=None, derandomize=True)
@given(data=STREAMS, cuts=st.lists(st.integers(0, 2000), max_size=8))
def test_any_cuts(data: bytes, cuts: list[int]) -> None:
    assert read(split(data, cuts)) == read([data])


@settings(max_examples=200, deadline=None, derandomize=True)
@given(data=STREAMS)
def test_byte_by_byte(data: bytes) -> None:
    assert read([data[at : at + 1] for at in range(len(data))]) == read([data])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    target=st.integers(0, 100),
    values=st.lists(st.integers(0, 60), max_size=4),
    limits=st.tuples(st.integers(20, 200), st.integers(20, 200)),
    cuts=st.lists(st.integers(0, 400), max_size=4),
)
def test_limits_hold_for_any_cuts(target: int, values: list[int], limits: tuple[int, int], cuts: list[int]) -> None:
    """What fits, every byte counted, is read in any cuts; what does not fit even without its request line, in none."""
    fields = b"Host: a\r\n" + b"".join(b"X: %b\r\n" % (b"x" * size) for size in values)
    data = b"GET /%b HTTP/1.1\r\n%b\r\n" % (b"t" * target, fields)
    max_head, max_target = limits
    rules = RequestRules(RequestLimits(max_head_bytes=max_head, max_target_bytes=max_target))
    ((*found, _),), _ = read(split(data, cuts), rules)
    if target + 1 > max_target or target + 1 + len(fields) > max_head:
        assert found[0] in (414, 431)
    elif len(data) <= max_head:
        assert found[0] == "GET"
