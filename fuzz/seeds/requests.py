"""Requests as clients send them, and what request smuggling is made of."""

_HEAD = b"POST / HTTP/1.1\r\nHost: a\r\n"

SEEDS = (
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /a/../b%7e?c=%2f HTTP/1.1\r\nHost: a.example:8080\r\nX-One: 1\r\nX-One: 2\r\nCookie: k=v\r\n\r\n",
    b"GET http://a.example/x?y HTTP/1.1\r\nHost: a.example\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nHEAD /2 HTTP/1.1\r\nHost: a\r\n\r\n",
    _HEAD + b"Content-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
    _HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
    _HEAD + b"Transfer-Encoding: chunked\r\n\r\nA;x=y\r\n0123456789\r\n1\r\na\r\n0\r\nX-T: 1\r\nHost: b\r\n\r\n",
    _HEAD + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
    _HEAD + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\nok",
    _HEAD + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nokGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, X-One\r\nUpgrade: websocket\r\nX-One: 1\r\n\r\n"
    b"GET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    b"GET /3 HTTP/1.1\r\nHost: a\r\n\r\n",
)

FRAGMENTS = (
    *(b"GET / HTTP/1.1", b"POST /x HTTP/1.1", b"HEAD /x HTTP/1.1", b"PUT /x HTTP/1.0", b"CONNECT a:80 HTTP/1.1"),
    *(b"OPTIONS * HTTP/1.1", b"GET http://a/ HTTP/1.1", b"GET http://b?q HTTP/1.1", b"DELETE /a;b=c HTTP/1.1"),
    *(b"GET /%2e%2e/x HTTP/1.1", b"GET // HTTP/1.1", b"GET  / HTTP/1.1", b"GET /\t HTTP/1.1", b"PRI * HTTP/2.0"),
    *(b"Host: a", b"Host: b", b"Host:", b"Host: a:99999", b"Host : a", b"host: a, b", b" Host: a", b"Host: a\x00"),
    *(
        b"Content-Length: 0",
        b"Content-Length: 3",
        b"Content-Length: 10",
        b"Content-Length: +3",
        b"Content-Length: 3, 3",
    ),
    *(
        b"Content-Length: 0x3",
        b"Content-Length : 3",
        b"Content-Length: -1",
        b"Content_Length: 3",
        b"Content-Length:\t3 ",
    ),
    *(b"Content-Length: 18446744073709551619", b"Content-Length: 99999999999999999999999", b"Content-Length: 003"),
    *(
        b"Transfer-Encoding: chunked",
        b"Transfer-Encoding: Chunked",
        b"transfer-encoding:chunked",
        b"Transfer-Encoding:",
    ),
    *(b"Transfer-Encoding: identity", b"Transfer-Encoding: gzip, chunked", b"Transfer-Encoding: chunked, chunked"),
    *(b"Transfer-Encoding:\x0bchunked", b"Transfer-Encoding: chunked,", b"Transfer_Encoding: chunked", b"TE: trailers"),
    *(
        b"Transfer-Encoding : chunked",
        b"X: y\rTransfer-Encoding: chunked",
        b"X: y\nTransfer-Encoding: chunked",
        b" chunked",
    ),
    *(b"Connection: close", b"Connection: keep-alive", b"Connection: close, keep-alive", b"Connection: Upgrade"),
    *(b"Connection: Content-Length", b"Connection: Transfer-Encoding", b"Connection: X-One, Host", b"Keep-Alive: 1"),
    *(b"Upgrade: websocket", b"Upgrade: h2c", b"Upgrade: websocket, h2c", b"HTTP2-Settings: AAMAAABkAAQ", b"Upgrade:"),
    *(
        b"Expect: 100-continue",
        b"Expect: 200-ok",
        b"X-Forwarded-For: 1.2.3.4",
        b"Forwarded: for=1.2.3.4",
        b"Via: 1.1 x",
    ),
    *(
        b"X-One: 1",
        b"X-Request-Id: r",
        b"X-Auth-Subject: root",
        b"Trailer: X-T",
        b"traceparent: 00-1-1-1",
        b": x",
        b"X",
    ),
    *(
        b"3\r\nabc",
        b"0",
        b"3;x=y\r\nabc",
        b'3;x="\\\r\n"\r\nabc',
        b"03\r\nabc",
        b"0x3\r\nabc",
        b"3 \r\nabc",
        b"+3\r\nabc",
    ),
    *(
        b"-1",
        b"FFFFFFFFFFFFFFFF",
        b"10000000000000003\r\nabc",
        b"3\nabc",
        b"3\r\nabcd",
        b"3\r\nab",
        b"000000000000000000",
    ),
    *(b"", b"\r", b"\n", b"\0", b" ", b"\t", b"\x80", b"abc"),
)
