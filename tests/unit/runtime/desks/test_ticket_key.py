from hotgate.runtime.desks.ticket_key import TicketKey
from hotgate.runtime.workers.channel import Message
from hotgate.testing import FakeClock


def test_it_is_replaced_twice_a_day() -> None:
    clock, sent = FakeClock(), list[Message]()
    key = TicketKey(sent.append, clock)
    first = key.text
    assert len(bytes.fromhex(first)) == 80
    clock.advance(12 * 3600 - 1)
    key.tick()
    assert (key.text, sent) == (first, [])
    clock.advance(1)
    key.tick()
    key.tick()
    assert key.text != first
    assert sent == [{"type": "ticket_key", "key": key.text}]
    assert key.text not in repr(key)
