"""Published smuggling techniques (`smuggling.py`), however they are cut up on their way."""

import pytest

from conformance.requests_in_pieces import outcome_however_it_arrives
from conformance.smuggling import INNER, ONE_READING, REFUSED, Attack


def name(attack: Attack) -> str:
    return attack.technique


@pytest.mark.parametrize("attack", REFUSED, ids=name)
def test_refused_once_and_closed(attack: Attack) -> None:
    outcome = outcome_however_it_arrives(attack.data)
    assert outcome.reached == ()
    assert len(outcome.answers) == 1
    assert outcome.answers[0][0] in attack.statuses
    assert outcome.is_closed


@pytest.mark.parametrize("attack", ONE_READING, ids=name)
def test_read_in_the_one_way_there_is(attack: Attack) -> None:
    outcome = outcome_however_it_arrives(attack.data)
    ((start, fields, body, _),) = outcome.reached
    assert start.split(b" ")[1] == b"/attack"
    assert body == INNER
    framing = [field for field in fields.split(b"\n") if field.startswith((b"content-length", b"transfer-encoding"))]
    assert framing in ([b"content-length: %d" % len(INNER)], [b"transfer-encoding: chunked"])
    assert outcome.answers == ((200, ""),)
