"""Request smuggling as researchers have published it: each technique, a description of its kind, what must come of it.

Every attack has a request within it, for /smuggled, that some server or other was brought to see on its own.
"""

from dataclasses import dataclass

INNER = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
_POST = b"POST /attack HTTP/1.1\r\nHost: a\r\n"
_GET = b"GET /attack HTTP/1.1\r\nHost: a\r\n"
_TE = b"Transfer-Encoding: chunked\r\n"
_HIDDEN = b"%x\r\n%b\r\n0\r\n\r\n" % (len(INNER), INNER)  # as the body of a chunked message


@dataclass(frozen=True)
class Attack:
    """source: a description of its kind. statuses: what the gateway says to it, if it is refused."""

    technique: str
    source: str
    data: bytes
    statuses: tuple[int, ...] = (400,)


_WATCHFIRE = "Linhart, Klein, Heled, Orrin: HTTP Request Smuggling, Watchfire, 2005"
_DESYNC = "Kettle: HTTP Desync Attacks: Request Smuggling Reborn, Black Hat USA, 2019"
_KLEIN = "Klein: HTTP Request Smuggling in 2020, Black Hat USA, 2020"
_TREQS = "Jabiyev, Sprecher, Onarlioglu, Kirda: T-Reqs: HTTP Request Smuggling with Differential Fuzzing, CCS, 2021"
_BROWSER = "Kettle: Browser-Powered Desync Attacks, Black Hat USA, 2022"
_TE0 = "sw33tLie, bsysop, medusa: Unveiling TE.0 HTTP Request Smuggling, 2024"
_TERM = "Weikop: Funky Chunks: Abusing Ambiguous Chunk Line Terminators for Request Smuggling, 2025"
_GARDEN = "Kallus, Anantharaman, Locasto, Smith: The HTTP Garden, 2024"
_MUST_DIE = "Kettle: HTTP/1.1 Must Die: The Desync Endgame, Black Hat USA, 2025"

REFUSED = (
    Attack("two lengths", _WATCHFIRE, _POST + b"Content-Length: 0\r\nContent-Length: %d\r\n\r\n" % len(INNER) + INNER),
    Attack("CL.TE", _WATCHFIRE, _POST + b"Content-Length: %d\r\n" % (5 + len(INNER)) + _TE + b"\r\n0\r\n\r\n" + INNER),
    Attack("TE.CL", _DESYNC, _POST + _TE + b"Content-Length: 4\r\n\r\n" + _HIDDEN),
    Attack("TE.TE: two fields", _DESYNC, _POST + _TE + b"Transfer-Encoding: cow\r\n\r\n" + _HIDDEN),
    Attack("TE.TE: a coding of that name", _DESYNC, _POST + b"Transfer-Encoding: xchunked\r\n\r\n" + _HIDDEN, (501,)),
    Attack("TE.TE: space before the colon", _DESYNC, _POST + b"Transfer-Encoding : chunked\r\n\r\n" + _HIDDEN),
    Attack("TE.TE: leading space", _DESYNC, _POST + b" Transfer-Encoding: chunked\r\n\r\n" + _HIDDEN),
    Attack("TE.TE: behind a line feed", _DESYNC, _POST + b"X: x\nTransfer-Encoding: chunked\r\n\r\n" + _HIDDEN),
    Attack("TE.TE: on a folded line", _DESYNC, _POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + _HIDDEN),
    Attack("TE.TE: vertical tab", _DESYNC, _POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n" + _HIDDEN),
    Attack("TE.TE: in quotes", _DESYNC, _POST + b'Transfer-Encoding: "chunked"\r\n\r\n' + _HIDDEN, (501,)),
    Attack("TE.TE: an empty element", _DESYNC, _POST + b"Transfer-Encoding: chunked,\r\n\r\n" + _HIDDEN),
    Attack("TE.TE: NUL behind it", _TREQS, _POST + b"Transfer-Encoding: chunked\0\r\n\r\n" + _HIDDEN),
    Attack("TE.TE: an escape before it", _TREQS, _POST + b"Transfer-Encoding: \x1bchunked\r\n\r\n" + _HIDDEN),
    Attack("TE.TE: a high byte in the name", _TREQS, _POST + b"Transfer-Encoding\xa0: chunked\r\n\r\n" + _HIDDEN),
    Attack("TE in HTTP/1.0", _GARDEN, _POST.replace(b"1.1", b"1.0") + _TE + b"\r\n" + _HIDDEN),
    Attack("CR in front of a field", _KLEIN, _POST + b"\rTransfer-Encoding: chunked\r\n\r\n" + _HIDDEN),
    Attack("CR for CRLF", _KLEIN, _POST + b"X: x\rTransfer-Encoding: chunked\r\n\r\n" + _HIDDEN),
    Attack("a signed length", _KLEIN, _POST + b"Content-Length: +%d\r\n\r\n" % len(INNER) + INNER),
    Attack("a field without a colon", _KLEIN, _POST + b"Content-Length abcde: 20\r\n\r\n" + INNER),
    Attack("a number with letters behind it", _KLEIN, _POST + b"Content-Length: 10abc\r\n\r\n" + INNER),
    Attack("a length of nothing", _GARDEN, _POST + b"Content-Length: \r\n\r\n" + INNER),
    Attack("a length with an underscore", _GARDEN, _POST + b"Content-Length: 1_0\r\n\r\n" + INNER),
    Attack("a hexadecimal length", _GARDEN, _POST + b"Content-Length: 0x10\r\n\r\n" + INNER),
    Attack("a list of lengths", _GARDEN, _POST + b"Content-Length: 0, %d\r\n\r\n" % len(INNER) + INNER),
    Attack("a length that overflows", _GARDEN, _POST + b"Content-Length: 18446744073709551616\r\n\r\n" + INNER),
    Attack("TE.0", _TE0, b"OPTIONS /attack HTTP/1.1\r\nHost: a\r\n" + _TE + b"Content-Length: 0\r\n\r\n" + _HIDDEN),
    Attack("TERM.EXT: a line feed ends the extension", _TERM, _POST + _TE + b"\r\n2;\nxx\r\n0\r\n\r\n" + INNER),
    Attack("EXT.TERM: a carriage return in it", _TERM, _POST + _TE + b"\r\n2;\rxx\r\n0\r\n\r\n" + INNER),
    Attack("TERM.SPILL: a line feed for the end of a chunk", _TERM, _POST + _TE + b"\r\n2\r\nxx\n0\r\n\r\n" + INNER),
    Attack("SPILL.TERM: two bytes for the end of a chunk", _TERM, _POST + _TE + b"\r\n2\r\nxxXX0\r\n\r\n" + INNER),
    Attack("one byte for the end of a chunk", _TERM, _POST + _TE + b"\r\n2\r\nxxX0\r\n\r\n" + INNER),
    Attack("a line feed behind a chunk size", _TERM, _POST + _TE + b"\r\n2\nxx\r\n0\r\n\r\n" + INNER),
    Attack("a line feed for the last line", _TERM, _POST + _TE + b"\r\n0\r\n\n" + INNER),
    Attack("a carriage return for the last line", _TERM, _POST + _TE + b"\r\n0\r\n\r" + INNER),
    Attack("a quoted extension over two lines", _TERM, _POST + _TE + b'\r\n2;a="\r\nxx\r\n0\r\n\r\n' + INNER),
    Attack("a chunk size that overflows", _GARDEN, _POST + _TE + b"\r\n10000000000000000\r\n" + INNER),
    Attack("a signed chunk size", _GARDEN, _POST + _TE + b"\r\n-0\r\n\r\n" + INNER),
    Attack("0x before a chunk size", _GARDEN, _POST + _TE + b"\r\n0x0\r\n\r\n" + INNER),
    Attack("an underscore in a chunk size", _GARDEN, _POST + _TE + b"\r\n0_0\r\n\r\n" + INNER),
    Attack("a blank behind a chunk size", _GARDEN, _POST + _TE + b"\r\n0 \r\n\r\n" + INNER),
    Attack("no chunk size", _GARDEN, _POST + _TE + b"\r\n\r\n\r\n" + INNER),
    Attack("framing in the trailers", _GARDEN, _POST + _TE + b"\r\n0\r\nContent-Length: 9\r\n\r\n" + INNER),
    Attack("0.CL: space before the colon", _MUST_DIE, _POST + b"Content-Length : %d\r\n\r\n" % len(INNER) + INNER),
    Attack("0.CL: behind a fold", _MUST_DIE, _GET + b"Content-Length:\r\n %d\r\n\r\n" % len(INNER) + INNER),
    Attack("Expect 0.CL", _MUST_DIE, _GET + b"Expect: y 100-continue\r\nContent-Length: 9\r\n\r\n" + INNER, (417,)),
    Attack("Expect CL.0", _MUST_DIE, _POST + b"Expect: 100-continue, x\r\nContent-Length: 9\r\n\r\n" + INNER, (417,)),
    Attack("Expect on a folded line", _MUST_DIE, _POST + b"Expect:\r\n 100-continue\r\n\r\n" + INNER),
    Attack("a first field behind a space", _MUST_DIE, b"GET /attack HTTP/1.1\r\n Host: a\r\n\r\n" + INNER),
    Attack("two hosts", _MUST_DIE, _GET + b"Host: b\r\n\r\n" + INNER),
    Attack("a hidden second host", _MUST_DIE, _GET + b"Host : b\r\n\r\n" + INNER),
    Attack("two versions", _TREQS, b"GET /attack HTTP/1.1 HTTP/1.1\r\nHost: a\r\n\r\n" + INNER, (505,)),
    Attack("no version", _TREQS, b"GET /attack\r\nHost: a\r\n\r\n" + INNER, (400, 505)),
    Attack("HTTP/0.9 over a kept connection", _GARDEN, b"GET /attack\r\n\r\n" + INNER, (400, 505)),
    Attack("a version with a digit too many", _TREQS, b"GET /attack HTTP/1.10\r\nHost: a\r\n\r\n" + INNER, (400, 505)),
    Attack("h2c over a prior knowledge preface", _GARDEN, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + INNER, (400, 505)),
)
"""Nothing of these reaches a backend."""

ONE_READING = (
    Attack("CL.0", _BROWSER, _POST + b"Content-Length: %d\r\n\r\n" % len(INNER) + INNER),
    Attack("CL.0 with GET", _BROWSER, _GET + b"Content-Length: %d\r\n\r\n" % len(INNER) + INNER),
    Attack(
        "CL.0 as of one hop",
        _BROWSER,
        _POST + b"Connection: Content-Length\r\nContent-Length: %d\r\n\r\n" % len(INNER) + INNER,
    ),
    Attack("TE.0 with OPTIONS", _TE0, b"OPTIONS /attack HTTP/1.1\r\nHost: a\r\n" + _TE + b"\r\n" + _HIDDEN),
    Attack("TE in capitals", _DESYNC, _POST + b"TRANSFER-ENCODING: CHUNKED\r\n\r\n" + _HIDDEN),
    Attack("TE behind a tab", _DESYNC, _POST + b"Transfer-Encoding:\tchunked\r\n\r\n" + _HIDDEN),
    Attack("TE as of one hop", _DESYNC, _POST + b"Connection: Transfer-Encoding\r\n" + _TE + b"\r\n" + _HIDDEN),
    Attack(
        "an underscore for the hyphen in TE",
        _TREQS,
        _POST + b"Transfer_Encoding: chunked\r\nContent-Length: %d\r\n\r\n" % len(INNER) + INNER,
    ),
    Attack("an underscore for the hyphen in CL", _TREQS, _POST + b"Content_Length: 0\r\n" + _TE + b"\r\n" + _HIDDEN),
    Attack("zeros before a chunk size", _GARDEN, _POST + _TE + b"\r\n000" + _HIDDEN),
    Attack("zeros before a length", _GARDEN, _POST + b"Content-Length: 0%d\r\n\r\n" % len(INNER) + INNER),
    Attack(
        "an upgrade with a body",
        _BROWSER,
        _POST + b"Connection: upgrade\r\nUpgrade: h2c\r\nContent-Length: %d\r\n\r\n" % len(INNER) + INNER,
    ),
)
"""These have one reading by the RFC, in which INNER is a body: it reaches the backend as that, in one plain framing."""
