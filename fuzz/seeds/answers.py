"""Answers as backends send them, and what response splitting and cache poisoning are made of."""

_HEAD = b"HTTP/1.1 200 OK\r\nX-One: 1\r\n"

SEEDS = (
    _HEAD + b"Content-Length: 2\r\n\r\nok",
    _HEAD + b"Content-Length: 4\r\n\r\n\r\nok\r\n",
    _HEAD + b"\r\nok",
    _HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n",
    _HEAD + b"Transfer-Encoding: chunked\r\n\r\nA;x=y\r\n0123456789\r\n1\r\na\r\n0\r\n\r\n",
    _HEAD + b"Content-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil",
    _HEAD + b"Connection: close, X-One\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
    + _HEAD
    + b"Content-Length: 2\r\n\r\nok",
    b"HTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: x\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\nabc",
    b"HTTP/1.1 200 \r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\nContent-Length: 0\r\n\r\n",
)

FRAGMENTS = (
    *(
        b"HTTP/1.1 200 OK",
        b"HTTP/1.1 204 X",
        b"HTTP/1.1 304 X",
        b"HTTP/1.1 100 X",
        b"HTTP/1.1 101 X",
        b"HTTP/1.1 103 X",
    ),
    *(b"HTTP/1.0 200 OK", b"HTTP/2.0 200 OK", b"HTTP/1.1 999 X", b"HTTP/1.1 200", b"HTTP/1.1 20", b"HTTP/1.1  200 OK"),
    *(
        b"HTTP/1.1 502 X",
        b"HTTP/1.1 205 Reset",
        b"HTTP/0.9 200 OK",
        b"ICY 200 OK",
        b"HTTP/1.1 200 \x80",
        b"HTTP/1.1\t200 OK",
    ),
    *(
        b"Content-Length: 0",
        b"Content-Length: 2",
        b"Content-Length: 10",
        b"Content-Length: +2",
        b"Content-Length: 2, 2",
    ),
    *(b"Content-Length: 02", b"Content-Length : 2", b"Content-Length: -1", b"Content-Length: 18446744073709551618"),
    *(
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: Chunked",
        b"Transfer-Encoding: identity",
        b"Transfer-Encoding:",
    ),
    *(b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, chunked", b"Transfer-Encoding:\x0bchunked"),
    *(b"Connection: close", b"Connection: keep-alive", b"Connection: upgrade", b"Connection: Content-Length, X-One"),
    *(b"Upgrade: websocket", b"Upgrade: h2c", b"Trailer: X-T", b"Set-Cookie: a=b", b"X-One: 1", b"X-Request-Id: r"),
    *(
        b"Date: x",
        b"Server: x",
        b"Location: /\x00",
        b"X: a\rb",
        b"X: a\nb: c",
        b" folded",
        b"X : y",
        b": y",
        b"X",
        b"X:",
    ),
    *(b"2\r\nok", b"0", b"2;x=y\r\nok", b"02\r\nok", b"0x2\r\nok", b"2 \r\nok", b"-1", b"FFFFFFFFFFFFFFFF", b"2\nok"),
    *(b"2\r\nokk", b"2\r\no", b"10000000000000002\r\nok", b"000000000000000000"),
    *(b"", b"\r", b"\n", b"\0", b" ", b"\t", b"\x80", b"ok"),
)
