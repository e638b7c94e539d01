"""What is still there although nobody needs it any more, for tests that look for reference cycles."""

import gc
from collections.abc import Iterator

import pytest

from hotgate.edge.relay import Relay

_before: set[int] = set()  # what was there when the test began: other tests hold objects too, as their parameters, say


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Only reference counts free anything."""
    gc.collect()
    gc.disable()
    _before.update(map(id, gc.get_objects()))
    yield
    _before.clear()
    gc.enable()


def objects(kind: type) -> int:
    """How many of this very class there are that the test has made."""
    return sum(isinstance(each, kind) and id(each) not in _before for each in gc.get_objects())


def relays() -> int:
    """Exchanges that are still there."""
    return objects(Relay)
