import asyncio
import json
from urllib.parse import urlsplit

from hotgate.demo.backends import backend
from hotgate.demo.loopback_server import LoopbackServer

REQUEST = b"GET /orders/7 HTTP/1.1\r\nHost: a\r\nX-Seen: yes\r\nConnection: close\r\n\r\n"


async def ask(url: str, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(urlsplit(url).hostname, urlsplit(url).port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def test_it_says_what_it_saw() -> None:
    async def scene() -> bytes:
        async with LoopbackServer(backend("orders")) as server:
            return await ask(
                server.url, b"GET /orders/7 HTTP/1.1\r\nHost: a\r\nX-Seen: yes\r\nConnection: close\r\n\r\n"
            )

    head, _, body = asyncio.run(scene()).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    seen = json.loads(body)
    assert (seen["backend"], seen["saw"]["method"], seen["saw"]["path"]) == ("orders", "GET", "/orders/7")
    assert seen["saw"]["headers"]["x-seen"] == "yes"


def test_it_ends_at_once_when_nobody_ever_asked() -> None:
    async def scene() -> None:
        async with LoopbackServer(backend("orders")):
            pass

    asyncio.run(scene())
