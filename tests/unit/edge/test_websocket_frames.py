import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotgate.edge.websocket_frames import GOING_AWAY, FrameBoundaries


def frame(payload: bytes, opcode: int = 0x2, mask: bool = False) -> bytes:
    """As RFC 6455 §5.2 draws it."""
    size = len(payload)
    bit = 0x80 if mask else 0
    if size < 126:
        head = bytes([0x80 | opcode, bit | size])
    elif size < 65536:
        head = bytes([0x80 | opcode, bit | 126]) + size.to_bytes(2, "big")
    else:
        head = bytes([0x80 | opcode, bit | 127]) + size.to_bytes(8, "big")
    return head + (b"mask" if mask else b"") + payload


def boundaries(data: bytes, pieces: list[bytes]) -> list[int]:
    """Where the follower thinks that frames end, however the bytes come."""
    frames, offset, found = FrameBoundaries(), 0, []
    for piece in pieces:
        position = 0
        while position < len(piece):
            position = frames.step(piece, position)
            if frames.is_between:
                found.append(offset + position)
        offset += len(piece)
    assert offset == len(data)
    return found


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 70000])
@pytest.mark.parametrize("mask", [False, True])
def test_every_length(size: int, mask: bool) -> None:
    data = frame(bytes(size), mask=mask)
    assert boundaries(data, [data]) == [len(data)]
    assert boundaries(data, [data[:1], data[1:3], data[3:9], data[9:]]) == [len(data)]


@given(st.lists(st.tuples(st.binary(max_size=300), st.booleans()), max_size=8), st.randoms(use_true_random=False))
def test_frames_however_they_are_split(frames: list[tuple[bytes, bool]], chance: random.Random) -> None:
    whole = [frame(payload, mask=mask) for payload, mask in frames]
    data = b"".join(whole)
    cuts = sorted(chance.sample(range(len(data) + 1), min(5, len(data) + 1)))
    pieces = [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    ends = [sum(map(len, whole[: index + 1])) for index in range(len(whole))]
    assert boundaries(data, pieces) == ends


def test_a_close_frame_is_noticed() -> None:
    frames = FrameBoundaries()
    frames.step(frame(b"text", 0x1), 0)
    assert not frames.has_closed
    frames.step(GOING_AWAY, 0)
    assert frames.has_closed
    assert frames.is_between


def test_an_enormous_frame_has_no_end() -> None:
    frames = FrameBoundaries()
    assert frames.step(b"\x82\x7f" + b"\xff" * 8 + b"data", 0) == 14
    assert not frames.is_between
