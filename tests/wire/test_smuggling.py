"""What two servers could read differently is refused, once and clearly, and nothing of it reaches a backend."""

import pytest

from wire.peer import turns
from wire.samples import GET, OK, get, post
from wire.scenario import Wire, scenario

_INNER = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
_POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
_EMPTY = b"0\r\n\r\n"

_REFUSED: dict[str, tuple[bytes, int]] = {
    "CL.TE": (_POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n" + _EMPTY, 400),
    "TE.CL": (_POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n" + _EMPTY, 400),
    "TE.TE": (_POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n" + _EMPTY, 400),
    "TE.TE identity": (_POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n" + _EMPTY, 400),
    "TE list": (_POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n" + _EMPTY, 0),
    "TE gzip": (_POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + _EMPTY, 501),
    "TE identity": (_POST + b"Transfer-Encoding: identity\r\n\r\n" + _EMPTY, 0),
    "TE xchunked": (_POST + b"Transfer-Encoding: xchunked\r\n\r\n" + _EMPTY, 0),
    "TE quoted": (_POST + b'Transfer-Encoding: "chunked"\r\n\r\n' + _EMPTY, 0),
    "TE with VT": (_POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + _EMPTY, 400),
    "TE with parameter": (_POST + b"Transfer-Encoding: chunked;q=1\r\n\r\n" + _EMPTY, 0),
    "TE empty": (_POST + b"Transfer-Encoding:\r\n\r\n" + _EMPTY, 0),
    "TE in HTTP/1.0": (b"POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + _EMPTY, 400),
    "TE space before colon": (_POST + b"Transfer-Encoding : chunked\r\n\r\n" + _EMPTY, 400),
    "TE tab before colon": (_POST + b"Transfer-Encoding\t: chunked\r\n\r\n" + _EMPTY, 400),
    "TE folded": (_POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + _EMPTY, 400),
    "TE behind a fold": (_POST + b"X: a\r\n Transfer-Encoding: chunked\r\n\r\n" + _EMPTY, 400),
    "TE behind a bare CR": (_POST + b"X: a\rTransfer-Encoding: chunked\r\n\r\n" + _EMPTY, 400),
    "TE behind a bare LF": (_POST + b"X: a\nTransfer-Encoding: chunked\r\n\r\n" + _EMPTY, 400),
    "TE behind NUL": (_POST + b"X: a\0\r\nTransfer-Encoding: chunked\r\n\r\n" + _EMPTY, 400),
    "CL twice": (_POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
    "CL twice, different": (_POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400),
    "CL list": (_POST + b"Content-Length: 5, 5\r\n\r\nhello", 400),
    "CL plus": (_POST + b"Content-Length: +5\r\n\r\nhello", 400),
    "CL minus": (_POST + b"Content-Length: -5\r\n\r\nhello", 400),
    "CL hexadecimal": (_POST + b"Content-Length: 0x5\r\n\r\nhello", 400),
    "CL underscore": (_POST + b"Content-Length: 1_0\r\n\r\nhellohello", 400),
    "CL empty": (_POST + b"Content-Length:\r\n\r\nhello", 400),
    "CL space inside": (_POST + b"Content-Length: 5 5\r\n\r\nhello", 400),
    "CL huge": (_POST + b"Content-Length: 18446744073709551621\r\n\r\nhello", 400),
    "CL Arabic digits": (_POST + b"Content-Length: \xd9\xa5\r\n\r\nhello", 400),
    "bare LF": (b"GET / HTTP/1.1\nHost: a\n\n", 0),
    "bare LF after the line": (b"GET / HTTP/1.1\nHost: a\r\n\r\n", 0),
    "bare LF before the end": (b"GET / HTTP/1.1\r\nHost: a\r\n\n", 400),
    "CR CR LF": (b"GET / HTTP/1.1\r\nHost: a\r\r\n\r\n", 400),
    "NUL in a value": (b"GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 400),
    "NUL in a name": (b"GET / HTTP/1.1\r\nHost: a\r\nX\0: 1\r\n\r\n", 400),
    "BEL in a value": (b"GET / HTTP/1.1\r\nHost: a\r\nX: \x07\r\n\r\n", 400),
    "DEL in a value": (b"GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n", 400),
    "no colon": (b"GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400),
    "empty name": (b"GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", 400),
    "space in a name": (b"GET / HTTP/1.1\r\nHost: a\r\nX Y: 1\r\n\r\n", 400),
    "bracket in a name": (b"GET / HTTP/1.1\r\nHost: a\r\nX[]: 1\r\n\r\n", 400),
    "raw UTF-8 in a name": ("GET / HTTP/1.1\r\nHost: a\r\nÜ: 1\r\n\r\n".encode(), 400),
    "first field folded": (b"GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "no Host, but a whole URL": (b"GET http://a/ HTTP/1.1\r\n\r\n", 400),
    "empty Host, but a whole URL": (b"GET http://a/ HTTP/1.1\r\nHost:\r\n\r\n", 400),
    "empty Host": (b"GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    "two Hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
    "two equal Hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    "Host with user": (b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
    "Host with path": (b"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
    "Host list": (b"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400),
    "Host with port 0": (b"GET / HTTP/1.1\r\nHost: a:0\r\n\r\n", 400),
    "Host differs from target": (b"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "target with user": (b"GET http://u@a/ HTTP/1.1\r\nHost: u@a\r\n\r\n", 400),
    "ftp target": (b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "target without slash": (b"GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "asterisk": (b"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "fragment": (b"GET /#a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "space in the target": (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "tab in the request line": (b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "trailing space": (b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 0),
    "leading space": (b" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "NUL in the target": (b"GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "raw byte in the target": (b"GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "encoded NUL": (get("/%00"), 400),
    "encoded slash": (get("/a%2fb"), 400),
    "encoded backslash": (get("/a%5cb"), 400),
    "broken escape": (get("/a%2"), 400),
    "out of the root": (get("/../etc"), 400),
    "dots behind parameters": (get("/a/..;/b"), 400),
    "lower-case method": (b"get / HTTP/1.1\r\nHost: a\r\n\r\n", 0),
    "unknown method": (b"BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 0),
    "TRACE": (b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    "CONNECT": (b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n", 501),
    "HTTP/0.9": (b"GET /\r\n\r\n", 0),
    "HTTP/1.2": (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
    "HTTP/2.0": (b"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
    "HTTP/11": (b"GET / HTTP/11\r\nHost: a\r\n\r\n", 0),
    "HTTP/1.10": (b"GET / HTTP/1.10\r\nHost: a\r\n\r\n", 0),
    "http/1.1": (b"GET / http/1.1\r\nHost: a\r\n\r\n", 0),
    "HTTP/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 0),
    "RTSP": (b"OPTIONS / RTSP/1.0\r\nHost: a\r\n\r\n", 505),
    "RTSP with another version": (b"GET /a RTSP/1.1\r\nHost: a\r\n\r\n", 505),
    "RTSP behind two spaces": (b"GET /a  RTSP/1.0\r\nHost: a\r\n\r\n", 505),
    "RTSP behind empty lines": (b"\r\n" * 5000 + b"POST /a RTSP/1.0\r\nHost: a\r\n\r\n", 505),
    "ICE": (b"SOURCE /a ICE/1.0\r\nHost: a\r\n\r\n", 501),
    "authority-form": (b"GET a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 400),
    "trailing comma in TE": (_POST + b"Transfer-Encoding: chunked,\r\n\r\n" + _EMPTY, 0),
}


@pytest.mark.parametrize("in_bytes", [False, True], ids=["whole", "byte by byte"])
@pytest.mark.parametrize(("sent", "status"), _REFUSED.values(), ids=list(_REFUSED))
def test_refused(sent: bytes, status: int, in_bytes: bool) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.connect()
        if in_bytes:
            await client.send_in_pieces(sent + _INNER)
        else:
            client.send(sent, _INNER)
        answer = await client.message()
        assert answer.status == status or (status == 0 and answer.status in (400, 501, 505)), answer
        assert answer.closes
        assert answer.get(b"content-type") == b"application/problem+json"
        assert await client.is_gone()
        assert b"HTTP/1.1" not in client.received()
        await turns(50)
        assert wire.backend.accepted == 0

    script()


@pytest.mark.parametrize(
    "sent",
    [
        b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",  # RFC 9112 §3 allows it; it is sent on as one space
        b"GET / HTTP/1.1\r\nHost:a\r\n\r\n",
        b"GET / HTTP/1.1\r\nhOsT: \t a \t\r\n\r\n",
        b"GET http://a/ HTTP/1.1\r\nHost: A\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: \xe4\xf6\r\nY:\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 000\r\n\r\n",
    ],
)
def test_odd_but_unambiguous(sent: bytes) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        client = await wire.send(sent, GET)
        backend = await wire.backend.accept()
        for _ in range(2):
            assert (await backend.message()).start.split()[1] == b"/"
            backend.send(OK)
            assert (await client.message()).status == 200

    script()


@scenario()
async def test_what_is_wrong_with_a_target_is_said_in_a_sentence(wire: Wire) -> None:
    client = await wire.send(get("/a%2Fb"))
    assert b'"detail":"The request is not valid: the path has an escaped slash."' in (await client.message()).body


@scenario()
async def test_a_get_with_a_body_is_framed_like_any_other(wire: Wire) -> None:
    client = await wire.send(get("/", f"Content-Length: {len(_INNER)}"), _INNER, GET)
    backend = await wire.backend.accept()
    assert (await backend.message()).body == _INNER
    backend.send(OK)
    await client.message()
    assert (await backend.message()).start == b"GET / HTTP/1.1"


@scenario()
async def test_options_about_the_gateway_are_answered_by_it(wire: Wire) -> None:
    asterisk = b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"
    client = await wire.send(asterisk, asterisk, GET)
    for _ in range(2):
        answer = await client.message()
        assert (answer.status, answer.closes) == (204, False)
    backend = await wire.backend.accept()
    assert (await backend.message()).start == b"GET / HTTP/1.1"


@scenario()
async def test_a_body_may_speak_of_rtsp(wire: Wire) -> None:
    await wire.send(post(b"POST /a RTSP/1.0\r\n\r\n"), get("/", "Via: RTSP/1.0 x"))
    backend = await wire.backend.accept()
    assert (await backend.message()).body == b"POST /a RTSP/1.0\r\n\r\n"
    backend.send(OK)
    assert (await backend.message()).get_all(b"via")[0] == b"RTSP/1.0 x"


@pytest.mark.parametrize(("option", "reaches"), [("pass", True), ("drop", False), ("refuse", False)])
def test_names_with_a_dot(option: str, reaches: bool) -> None:
    @scenario(settings={"dotted_headers": option})
    async def script(wire: Wire) -> None:
        client = await wire.send(get("/", "X.Tier: gold", "X.Auth.Subject: root"))
        if option == "refuse":
            assert (await client.message()).code == "header-name-invalid"
            return
        request = await (await wire.backend.accept()).message()
        assert (request.get(b"x.tier") == b"gold") is reaches
        assert request.get(b"x.auth.subject") is None

    script()
