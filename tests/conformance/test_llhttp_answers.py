"""The response fixtures of llhttp as answers of a backend, whole, byte by byte and cut at every point.

What llhttp takes reaches the client as the same answer, what it refuses never looks complete, and the way in which the
bytes arrive changes nothing.
"""

import pytest

from conformance.answers_in_pieces import CUT, Answer, Stage
from conformance.corpora import HTTP, needs_http_corpora
from conformance.llhttp_fixtures import Expected, Fixture, fixtures
from conformance.requests_in_pieces import ways_to_cut
from wire.scenario import Wire, scenario

pytestmark = needs_http_corpora

_FIXTURES = fixtures(HTTP / "llhttp", "response")

_NOT_HTTP = "llhttp reads RTSP and ICE as well; a gateway of HTTP does not"
_CODING = "chunked is the only transfer coding, and it is named once; anything else could end anywhere"
REFUSED = {
    "sample: RTSP response": _NOT_HTTP,
    "sample: ICE response": _NOT_HTTP,
    "sample: HTTP version 0.9": "an answer without fields cannot be framed",
    "sample: Response starting with CRLF": "only servers may skip empty lines (RFC 9112 §2.2); on a connection that is"
    " kept they are what an earlier answer was too long by",
    "transfer-encoding: `chunked` before other transfer-encoding": _CODING,
    "transfer-encoding: multiple transfer-encoding where chunked is not the last one": _CODING,
    "transfer-encoding: `chunkedchunked` transfer-encoding does not enable chunked enconding": _CODING,
}
"""Valid for llhttp, but refused here, and why."""


def expected(fixture: Fixture) -> Expected | None:
    """The first final answer."""
    return next((message for message in fixture.messages if message.has_head and message.status >= 200), None)


def check(fixture: Fixture, answer: Answer) -> None:
    wanted = expected(fixture)
    is_refused = fixture.name in REFUSED or wanted is None
    if fixture.is_lenient and answer.status == 502:
        return  # as it must be without the leniency
    if wanted is not None and not is_refused and (wanted.is_complete or not wanted.is_framed):
        assert answer == Answer(wanted.status, wanted.body)
    else:
        assert answer == CUT or answer.status == 502


@pytest.mark.parametrize("fixture", _FIXTURES, ids=lambda fixture: fixture.name)
def test_answers(fixture: Fixture) -> None:
    @scenario()
    async def script(wire: Wire) -> None:
        ways = list(ways_to_cut(fixture.data))
        whole, *others = await Stage(wire, "HEAD" if fixture.has_no_body else "GET").answers(ways)
        for way, answer in zip(ways[1:], others, strict=True):
            assert answer == whole, way
        check(fixture, whole)

    script()
