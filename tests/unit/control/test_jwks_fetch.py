"""One fetch of a key set: every way in which an issuer can misbehave ends in FetchFailed, soon."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest

from hotgate.control.download import FetchFailed
from hotgate.control.jwks_fetch import Fetched, JwksFetch
from hotgate.identity.verification_keys.key_set import MAX_DOCUMENT_BYTES
from hotgate.testing.issuer import Issuer

URL = "https://user.idp.test/jwks?secret"
DOCUMENT = Issuer().jwks()
BODY = json.dumps(DOCUMENT).encode()

Handler = Callable[[httpx.Request], httpx.Response]


class Chunks(httpx.AsyncByteStream):
    """A body in pieces; with `hangs` it never ends."""

    def __init__(self, *chunks: bytes, hangs: bool = False) -> None:
        self.chunks = chunks
        self.hangs = hangs
        self.sent = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            self.sent += 1
            yield chunk
        if self.hangs:
            await asyncio.Event().wait()


def fetch(handler: Handler, timeout: float = 5.0) -> Fetched:
    async def download() -> Fetched:
        async with httpx.AsyncClient(transport=httpx.MockTransport(handler), follow_redirects=True) as client:
            return await JwksFetch(client, Path("unused"), timeout)(URL)

    return asyncio.run(download())


def failure(response: httpx.Response, timeout: float = 5.0) -> str:
    with pytest.raises(FetchFailed) as caught:
        fetch(lambda request: response, timeout)
    assert "secret" not in str(caught.value)
    return str(caught.value)


def test_a_key_set_is_fetched() -> None:
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, stream=Chunks(BODY[:10], BODY[10:]))

    assert fetch(handler) == Fetched(DOCUMENT)
    assert asked[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize(
    ("value", "max_age"),
    [
        ("max-age=600", 600.0),
        ("public, Max-Age=600, must-revalidate", 600.0),
        ('max-age="600"', 600.0),
        ("s-maxage=600", None),
        ("x-max-age=600", None),
        ("max-age=-1", None),
        ("max-age=9999999999999999999999", None),
        ("no-store", None),
    ],
)
def test_the_issuer_may_say_how_long_its_keys_are_good(value: str, max_age: float | None) -> None:
    headers = {"cache-control": value}
    assert fetch(lambda request: httpx.Response(200, headers=headers, stream=Chunks(BODY))).max_age == max_age


@pytest.mark.parametrize("status", [201, 204, 206, 301, 302, 307, 404, 500])
def test_only_200_is_an_answer_and_redirects_are_not_followed(status: int) -> None:
    headers = {"location": "http://169.254.169.254/"}
    assert failure(httpx.Response(status, headers=headers, stream=Chunks(BODY))) == f"status {status} instead of 200"


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"keys": []}', b'{"keys": [{"kty": "oct", "k": "AAAA"}]}'])
def test_only_a_usable_key_set_is_accepted(body: bytes) -> None:
    assert failure(httpx.Response(200, stream=Chunks(body))).startswith("not a usable key set")


def test_a_long_answer_is_cut_off_while_it_arrives() -> None:
    stream = Chunks(*[b" " * 16_384] * 1000)
    assert failure(httpx.Response(200, stream=stream)) == f"more than {MAX_DOCUMENT_BYTES} bytes"
    assert stream.sent < 20


def test_a_compressed_answer_is_not_unpacked() -> None:
    stream = Chunks(b"\x1f\x8b")
    assert "compressed" in failure(httpx.Response(200, headers={"content-encoding": "gzip"}, stream=stream))


def test_an_answer_that_never_ends_does_not_hold_up_anybody() -> None:
    assert "no complete answer" in failure(httpx.Response(200, stream=Chunks(BODY, hangs=True)), timeout=0.01)


def test_an_issuer_that_is_down_is_a_failure_without_its_address() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"cannot reach {request.url}")

    with pytest.raises(FetchFailed) as caught:
        fetch(handler)
    assert str(caught.value) == "ConnectError"


def test_what_the_system_says_of_an_issuer_that_is_down_is_kept() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"cannot reach {request.url}") from ConnectionRefusedError(111, "Connection refused")

    with pytest.raises(FetchFailed, match=r"^Connection refused$"):
        fetch(refuse)


def read(folder: Path, name: str) -> Fetched:
    async def read_file() -> Fetched:
        async with httpx.AsyncClient() as client:
            return await JwksFetch(client, folder)(name)

    return asyncio.run(read_file())


def test_a_file_is_read_from_the_folder_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_bytes(BODY)
    assert read(tmp_path, "keys.json") == Fetched(DOCUMENT)
    assert read(Path("elsewhere"), str(tmp_path / "keys.json")) == Fetched(DOCUMENT)


def test_a_file_that_cannot_be_used_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "half.json").write_bytes(BODY[:20])
    (tmp_path / "long.json").write_bytes(b" " * (MAX_DOCUMENT_BYTES + 1))
    for name, reason in (("half.json", "not a JSON"), ("long.json", "more than"), ("none.json", "No such file")):
        with pytest.raises(FetchFailed, match=reason):
            read(tmp_path, name)
