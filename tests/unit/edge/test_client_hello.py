import ssl

import pytest

from hotgate.edge.client_hello import ClientHello


def hello(name: str | None) -> bytes:
    """What a real client sends first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    sent = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), sent, server_hostname=name)
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return sent.read()


def read(*pieces: bytes) -> ClientHello:
    message = ClientHello()
    for piece in pieces:
        message.feed(piece)
    return message


def records(message: bytes, size: int) -> bytes:
    """A handshake message in records of a size."""
    parts = [message[start : start + size] for start in range(0, len(message), size)]
    return b"".join(b"\x16\x03\x01" + len(part).to_bytes(2) + part for part in parts)


@pytest.mark.parametrize(
    ("asked", "name"),
    [("a.example", "a.example"), ("A.Example", "a.example"), (None, None), ("127.0.0.1", None)],
)
def test_the_name_of_real_clients(asked: str | None, name: str | None) -> None:
    message = read(hello(asked))
    assert message.is_read
    assert message.name == name


def test_a_last_dot_says_nothing() -> None:
    assert read(hello("a.example").replace(b"a.example", b"a.exampl.")).name == "a.exampl"


@pytest.mark.parametrize("size", [1, 7, 100])
def test_it_may_come_in_pieces_and_in_many_records(size: int) -> None:
    whole = hello("a.example")
    message = ClientHello()
    for start in range(0, len(whole), size):
        assert not message.is_read
        message.feed(whole[start : start + size])
    assert message.is_read
    assert message.name == "a.example"
    assert read(records(whole[5:], size)).name == "a.example"


def test_every_shortened_or_changed_hello_is_read_without_a_wrong_name() -> None:
    whole = hello("secret.example")
    for index in range(5, len(whole)):
        for value in (0, 0xFF):
            changed = whole[:index] + bytes([value]) + whole[index + 1 :]
            message = read(changed)
            if message.name is not None:
                assert len(message.name) <= len("secret.example")
        assert not read(whole[:index]).is_read


@pytest.mark.parametrize(
    "data",
    [
        b"\x17\x03\x03\x00\x01x",
        b"\x16\x03\x01\x00\x04\x02\x00\x00\x00",
        b"\x16\x03\x01\x00\x04\x01\x00\x00\x00",
        b"\x80\x2e\x01\x03\x01",
        b"\x16\x03\x01\xff\xff" + bytes(17_000),
        b"\x16\x03\x01\x00\x01\x01" + b"\x16\x03\x01\x00\x00" * 9,
    ],
)
def test_what_is_no_hello_has_no_name(data: bytes) -> None:
    message = read(data)
    assert message.name is None


def test_it_does_not_wait_for_ever() -> None:
    message = ClientHello()
    message.feed(b"\x16\x03\x01\x40\x00\x01\xff\xff\xff" + bytes(16 * 1024))
    assert message.is_read
    assert message.name is None


def test_nor_through_records_without_content() -> None:
    """Whoever waits for the name keeps all that was sent, so that is what must be bounded."""
    message = ClientHello()
    fed = 0
    while not message.is_read:
        message.feed(b"\x16\x03\x01\x00\x00" * 100)
        fed += 500
        assert fed <= 17_000


def test_bytes_that_are_not_ascii_name_nobody_else() -> None:
    assert read(hello("a.example").replace(b"a.example", b"\xe0.example")).name == "\xe0.example"
