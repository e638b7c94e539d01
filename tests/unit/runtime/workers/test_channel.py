import asyncio
import json
import os
import struct
from collections.abc import Callable, Coroutine
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import uvloop
from hypothesis import given
from hypothesis import strategies as st

from hotgate.runtime.workers.channel import Channel, FrameDecoder, FrameError, Message, encode_frame

MESSAGES: list[Message] = [{"type": "hello", "revision": 3}, {"type": "metrics", "report": {"ä": [1, 2.5, None]}}]


def frame(body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + body


def test_messages_survive_the_wire() -> None:
    wire = b"".join(map(encode_frame, MESSAGES))
    assert FrameDecoder(1000).feed(wire) == MESSAGES


@given(st.lists(st.integers(0, 90), max_size=10))
def test_it_does_not_matter_how_the_bytes_are_cut(cuts: list[int]) -> None:
    wire = b"".join(map(encode_frame, MESSAGES))
    edges = [0, *sorted(cuts), len(wire)]
    decoder = FrameDecoder(1000)
    found = [message for start, end in pairwise(edges) for message in decoder.feed(wire[start:end])]
    assert found == MESSAGES


def test_an_oversize_frame_is_refused_before_its_body_arrives() -> None:
    with pytest.raises(FrameError, match="larger"):
        FrameDecoder(100).feed(struct.pack("!I", 101))


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"\xff\xfe", b"[]", b"1", b'"x"', b"{}", b'{"type":1}', b'{"type":null}', b"[" * 100_000),
        *(b'{"type":"together"}', b'{"type":"together","messages":{}}', b'{"type":"together","messages":[1]}'),
        b'{"type":"together","messages":[{"type":"x"},{}]}',
    ],
)
def test_garbage_is_refused(body: bytes) -> None:
    with pytest.raises(FrameError):
        FrameDecoder(1_000_000).feed(frame(body))


@given(st.binary(max_size=200))
def test_any_bytes_are_messages_or_an_error(data: bytes) -> None:
    try:
        messages = FrameDecoder(100).feed(data)
    except FrameError:
        return
    assert all(isinstance(message["type"], str) for message in messages)


class Ends:
    """Two channels that are connected, and what happened to them. received: by the server. answers: by the client."""

    def __init__(self) -> None:
        self.received: asyncio.Queue[Message] = asyncio.Queue()
        self.answers: asyncio.Queue[Message] = asyncio.Queue()
        self.closed = asyncio.Event()
        self.server: Channel | None = None
        self.client: Channel | None = None


async def connected(path: Path, ends: Ends, *, receive_limit: int = 1000, send_limit: int = 10_000) -> None:
    loop = asyncio.get_running_loop()
    accepted = asyncio.Event()

    def on_connected(channel: Channel) -> None:
        ends.server = channel
        accepted.set()

    def server() -> Channel:
        return Channel(
            on_message=lambda _, message: ends.received.put_nowait(message),
            on_closed=lambda _: ends.closed.set(),
            on_connected=on_connected,
            receive_limit=receive_limit,
        )

    def client() -> Channel:
        return Channel(
            on_message=lambda _, message: ends.answers.put_nowait(message),
            on_closed=lambda _: None,
            send_limit=send_limit,
        )

    listening = await loop.create_unix_server(server, str(path))
    _, ends.client = await loop.create_unix_connection(client, str(path))
    await accepted.wait()
    listening.close()


async def joined(ends: Ends) -> None:
    """As when a worker says `hello`: what follows it is read after it."""
    assert ends.server is not None
    ends.server.join()
    ends.server.send(MESSAGES[0])
    assert await ends.answers.get() == MESSAGES[0]


async def closed(ends: Ends) -> None:
    assert ends.client is not None
    ends.client.close()
    await ends.closed.wait()


def run(tmp_path: Path, script: Callable[[Ends, Path], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(script(Ends(), tmp_path / "s"))


def test_a_channel_carries_messages_and_knows_its_peer(tmp_path: Path) -> None:
    async def script(ends: Ends, path: Path) -> None:
        await connected(path, ends)
        assert ends.client is not None
        assert ends.server is not None
        ends.client.send(MESSAGES[0])
        assert await ends.received.get() == MESSAGES[0]
        assert ends.server.peer == os.getpid()
        ends.client.close()
        await ends.closed.wait()
        assert not ends.server.is_open
        ends.server.send(MESSAGES[0])

    run(tmp_path, script)


def test_a_peer_that_breaks_the_framing_is_disconnected(tmp_path: Path) -> None:
    async def script(ends: Ends, path: Path) -> None:
        await connected(path, ends)
        assert ends.client is not None
        assert ends.server is not None
        ends.client.send_frame(frame(b"garbage"))
        await ends.closed.wait()
        assert ends.server.refusal
        assert ends.received.empty()

    run(tmp_path, script)


def test_a_message_that_is_too_large_for_the_receiver_ends_the_connection(tmp_path: Path) -> None:
    async def script(ends: Ends, path: Path) -> None:
        await connected(path, ends, receive_limit=100)
        assert ends.client is not None
        ends.client.send({"type": "x", "padding": "x" * 200})
        await ends.closed.wait()
        assert ends.received.empty()

    run(tmp_path, script)


def test_a_peer_that_does_not_read_is_disconnected_instead_of_filling_our_memory(tmp_path: Path) -> None:
    async def script(ends: Ends, path: Path) -> None:
        await connected(path, ends, send_limit=3_000_000, receive_limit=10_000_000)
        assert ends.client is not None
        large: Message = {"type": "x", "padding": "x" * 1_000_000}
        while ends.client.is_open:  # without a turn of the loop nothing can be sent
            ends.client.send(large)
        assert "does not read" in ends.client.refusal
        await ends.closed.wait()

    run(tmp_path, script)


def test_droppable_messages_are_dropped_while_others_wait(tmp_path: Path) -> None:
    async def script(ends: Ends, path: Path) -> None:
        await connected(path, ends, send_limit=10_000_000, receive_limit=10_000_000)
        assert ends.client is not None
        for _ in range(3):
            ends.client.send({"type": "x", "padding": "x" * 1_000_000})
        assert not ends.client.send_droppable(MESSAGES[0])
        ends.client.abort()
        await ends.closed.wait()

    run(tmp_path, script)


def carries_in_order(tmp_path: Path, *, joins: bool) -> list[int]:
    """What is sent soon, at once and soon again, and the frames it takes: there, and back again."""
    frames: list[int] = []

    async def script(ends: Ends, path: Path) -> None:
        await connected(path, ends)
        if joins:
            await joined(ends)
        for channel, heard in ((ends.client, ends.received), (ends.server, ends.answers)):
            assert channel is not None
            sent: list[bytes] = []
            send_frame = channel.send_frame
            channel.send_frame = lambda frame, sent=sent, send=send_frame: (sent.append(frame), send(frame))  # type: ignore
            for number in range(7):
                send = channel.send if number == 3 else channel.send_soon
                send({"type": "x", "number": number})
            assert [(await heard.get())["number"] for _ in range(7)] == list(range(7))
            frames.append(len(sent))
        await closed(ends)

    run(tmp_path, script)
    return frames


def test_small_messages_share_frames_and_keep_their_order(tmp_path: Path) -> None:
    assert carries_in_order(tmp_path, joins=True) == [3, 3]


def test_who_does_not_say_that_it_knows_of_shared_frames_gets_none(
    tmp_path: Path,
) -> None:
    assert carries_in_order(tmp_path, joins=False) == [7, 7]


def test_what_is_to_be_sent_soon_is_sent_before_a_channel_closes(tmp_path: Path) -> None:
    async def script(ends: Ends, path: Path) -> None:
        await connected(path, ends)
        assert ends.client is not None
        for message in MESSAGES:
            ends.client.send_soon(message)
        ends.client.close()
        await ends.closed.wait()
        assert [ends.received.get_nowait() for _ in MESSAGES] == MESSAGES

    run(tmp_path, script)


@pytest.mark.parametrize(("messages", "size"), [(5000, 1), (40, 100_000)])
def test_many_or_large_messages_do_not_make_a_frame_that_is_too_large(tmp_path: Path, messages: int, size: int) -> None:
    async def script(ends: Ends, path: Path) -> None:
        await connected(path, ends, receive_limit=1_100_000, send_limit=10_000_000)
        await joined(ends)
        assert ends.client is not None
        for number in range(messages):
            ends.client.send_soon({"type": "x", "number": number, "padding": "x" * size})
        assert [(await ends.received.get())["number"] for _ in range(messages)] == list(range(messages))
        await closed(ends)

    run(tmp_path, script)


def test_frames_hold_compact_json() -> None:
    assert json.loads(encode_frame(MESSAGES[0])[4:]) == MESSAGES[0]
